"""What looks random shortly after a word about keys (research/gate.md 6.3): the search for what no form gives away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity
from b4tui.gate.rulebook.wording import word_set
from b4tui.gate.secrets.keys import is_known_harmless
from b4tui.gate.stand_ins import stands_for_a_value
from b4tui.gate.types import Hit
from b4tui.gate.values import is_made_of_words

REACH = 70
"""Characters from a word to what it speaks of."""
_RUN = lazily(r"(?<![A-Za-z0-9_+/=.\-@#])[A-Za-z0-9][A-Za-z0-9_+/=.\-~]{15,160}(?![A-Za-z0-9_])")
_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
_AROUND_NAMES = " \t\"'"
_NUMBERED = lazily(r"[a-z]{1,8}-[0-9a-f]{8,17}$")
"""Numbers of things in a cloud: `sg-01f6e627a89f4db32`."""
_DIGIT = lazily(r"[0-9]")
_HEX = lazily(r"[0-9a-fA-F]+$")
_UUID = lazily(r"(?i)(?:[a-z]{2,8}[-_]){0,3}[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$")
_HOLDS_IDS = lazily(r"(?i)^[a-z]{2,20}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-")
"""A name made of words and ids, as clusters give to what they make."""
_PACKAGE = lazily(r"(?:org|com|io|net|dev|javax?|jakarta)\.[a-z]\w*\.[A-Za-z]")
_ALGORITHM = lazily(
    r"(?:PBKDF2|PBE|SHA\d{1,3}|MD5)With[A-Z][A-Za-z]{1,12}[A-Za-z0-9/-]{0,20}$|[a-z][a-z-]{2,30}/[0-9a-f]{8}-[0-9a-f-]{27}$|"
    r"(?:[a-z][a-z_]{2,30}\.){2,8}[A-Z][A-Za-z]{2,30}\d?[A-Za-z]{0,20}\d?$|[a-z0-9]{10,16}\.cloudfront\.net$|"
    r"(?:(?:key|val(?:ue)?|foo|bar)\d{0,2}[=,&-]?){2,6}$"
)
"""Names of algorithms, keys that a cloud keeps, paths of modules, pairs to show the form of one."""
_HUMPS = lazily(r"[a-z]{2,12}(?:[A-Z][a-z]{1,12}|[0-9]{1,3}){3,12}$")
_API_VERSION = lazily(r"^[A-Za-z.]{2,40}[vV]\d{1,2}(?:alpha|beta)\d{1,2}(?:[A-Z][a-z]+)*$|^V\d[A-Z][A-Za-z]{8,60}$")
_HEX_WITH_PREFIX = lazily(r"[A-Za-z]{2,8}[-_][0-9a-f]{32,128}$")
_HASH = lazily(r"(?i)(?:sha\d{1,3}|md5)[=:-]")
_HASH_BEFORE = lazily(
    r"(?i)(?:sha\d{0,3}|md5|digest|checksum|integrity|commit|hash|etag|rev(?:ision)?|fingerprint|uuid|guid|blob|tree|oid|"
    r"nonce|salt|placeholder|\bkid|\biv|\btag|\bsecure|csrf\w{0,20}[\"']\s{1,3}value|usersecretsid|signaturevalue|digestvalue|inresponseto|rawbytes|version|"
    r"image|pub(?:lic)?[ _-]?key\w{0,4}|ssh-\w{2,10}|request[_-]id|trace[_-]?id|"
    r"sealed|encrypted|websocket-key|"
    r"csrf|[\"'](?:id|n|x|y|x5t|x5c)[\"']|cert(?:ificate)?s?|;base64,)\W{0,12}$|arn:aws[^\s\"']{0,70}$|"
    r"\bh1:$|(?:SIGNATURE|KEY BLOCK)-----[\\n\s]{0,6}$|badge(?:\.svg)?\?(?:token=)?$"
)
# `pass` alone is what tests do.
_CLOSE_TO_ID = lazily(r"(?i)(?:key|token|secret|passw|passp|cred|auth|licen[cs]e)[^\n]{0,25}$|<secret>[^\n<]{0,60}$")
_CLOSE_TO_HEX = lazily(
    r"(?i)(?:key|token|secret|pass|cred|auth|sid|licen[cs]e|account)[^\n]{0,30}$|<secret>[^\n<]{0,60}$"
)


_CERTIFICATE = lazily(r"MII[A-Z][\w+/]{2}CC[\w+/]{3}gAwIBAg")
"""How certificates begin in base64 without armour."""
_OF_A_TREE = lazily(
    r"[0-9a-f]{7,40}\.\.[0-9a-f]{7,40}$|\w{1,80}\.(?:py|rb|js|ts|go|rs|php|java|sql)$|"
    r"(?:e3b0c44298fc1c14|d41d8cd98f00b204|da39a3ee5e6b4b0d)[0-9a-f]{16,48}$"
)
"""Two blobs between which a diff is, the name of a file of source (a migration, mostly), the hash of nothing."""
_PUBLIC = ("LS0tLS1CRUdJTiBDRVJU", "LS0tLS1CRUdJTiBQVUJM")
"""How certificates and public keys begin in base64 of their armour."""
_NUMBER = lazily(r"0x[0-9a-fA-F_]+$")
_FILE_BEFORE = lazily(
    r"""["'](?:[\w./-]{1,60}\.[a-z]{1,5}|(?:[\w.-]{1,60}/){0,4}(?:LICENSE|(?i:license)[.-][\w.-]{1,20}))["']\s{0,2}:\s{0,2}["']$"""
)
"""The name of a file, as lists of checksums have it."""
_THING_BEFORE = lazily(r"\b[a-z]{3,12}:[a-z]{3,12}:$")


_SERVICES = word_set(
    "abuseipdb adafruit airtable algolia alchemy artifactory asana atlassian auth0 beamer bittrex braintree calendly",
    "clearbit clickhouse clickup codecov coinbase confluent contentful coinapi datadog deepgram dropbox dynatrace",
    "eventbrite facebook fastly finnhub flickr flutterwave foursquare frameio freshbooks freshdesk gocardless guardian",
    "heroku hubspot infura intercom jfrog jumpcloud klaviyo kraken kucoin launchdarkly linkedin looker lokalise",
    "maxmind mailchimp",
    "mailgun mailjet mandrill mapbox mattermost meraki messagebird mixpanel monday.com moralis netlify newrelic",
    "nytimes okta opsgenie pagerduty paystack pipedrive plaid polygon postmark postman pusher quickbase rapidapi",
    "razorpay rollbar salesforce scalingo segment sendbird sendgrid sendinblue shodan shopify snyk spoonacular spotify",
    "squareup squarespace strava stripe sumologic telnyx todoist travisci trello twilio twitch typeform unsplash",
    "virustotal vonage webflow wistia wrike yelp zapier zendesk zerobounce zoominfo etherscan ipinfo ipstack newsapi",
    "openweather tomtom walkscore websitepulse wepay worldweather zenserp zipcode rebrandly mailboxlayer numverify",
)
"""Services whose keys have no form of their own; what looks random beside their names is taken for one."""


class RareNearKeywords:
    """Finds strings that look random where a word before them speaks of keys, tokens, accounts."""

    name = "rare-near-keyword"
    words = frozenset(
        {"key", "token", "secret", "auth", "api", "pass", "cred", "bearer", "client", "account", "sid", "webhook"}
        | {"license", "licence", "signature", "hmac", "private", "pat ", "pat:", "pat="}
        | _SERVICES
    )

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Runs of characters in the stretches after those words."""
        done = -1
        for begin, end in _stretches(at, self.words, len(text)):
            for run in _RUN.finditer(text, max(begin, done), min(len(text), end + 160)):
                if run.start() >= end:
                    break
                done = run.end()
                after = text[done : done + 1]
                if after == "(" or (after == ":" and text[run.start() - 1 : run.start()] == "!"):
                    continue  # a call; a room of Matrix, which has its server behind it
                value = run.group().rstrip(".=-")
                start = run.start() + _name_in(value)
                value = value[start - run.start() :]
                if why := _why(value, text[max(0, start - REACH) : start]):
                    yield Hit(self.name, start, start + len(value), why)


def _name_in(value: str) -> int:
    """How many characters at the beginning are a name and `=`."""
    sign = value.find("=")
    return sign + 1 if 0 < sign < len(value) - 12 and value[:sign].replace("_", "").replace("-", "").isalpha() else 0


def _stretches(at: Positions, words: frozenset[str], length: int) -> Iterator[tuple[int, int]]:
    begin = end = -1
    for start, word in at.any_of(words):
        after = start + len(word)
        if after <= end:
            end = min(length, after + REACH)
            continue
        if end >= 0:
            yield begin, end
        begin, end = after, min(length, after + REACH)
    if end >= 0:
        yield begin, end


def _why(value: str, before: str) -> str | None:
    """Why a run of characters is a finding; what is quickly said comes first."""
    if len(value) < 16 or not _DIGIT.search(value) or value.isdigit() or _HASH.match(value):
        return None
    why = _looks(value, before)
    if why is None or _HASH_BEFORE.search(before[-30:]) or stands_for_a_value(value):
        return None
    if (
        value.startswith(_PUBLIC)
        or _CERTIFICATE.match(value)
        or _OF_A_TREE.match(value)
        or _NUMBER.match(value)
        or _is_of_a_thing(value, before)
    ):
        return None
    return None if is_known_harmless(_name_at_end(before)) else why


def _is_of_a_thing(value: str, before: str) -> bool:
    """Whether it is the hash of a file that is named before it, or the id of a thing in a row of names and colons."""
    if _HEX.match(value):
        return _FILE_BEFORE.search(before) is not None
    thing = _THING_BEFORE.search(before)
    return thing is not None and not _CLOSE_TO_ID.search(thing[0])


def _name_at_end(before: str) -> str:
    """The name that what follows is assigned to, or is the option of; "" where there is none."""
    head = before.rstrip(_AROUND_NAMES)
    if head[-1:] in (":", "="):
        head = head[:-1].rstrip(_AROUND_NAMES)
    return head[len(head.rstrip(_NAME)) :]


def _looks(value: str, before: str) -> str | None:
    if _UUID.match(value):
        return "an id after a word about keys" if _CLOSE_TO_ID.search(before) else None
    if _HEX.match(value):
        return "digits after a word about keys" if len(value) >= 20 and _CLOSE_TO_HEX.search(before) else None
    if _HEX_WITH_PREFIX.match(value):
        return "digits after a word about keys" if _CLOSE_TO_HEX.search(before) else None
    if _HOLDS_IDS.search(value):
        return "an id after a word about keys" if _CLOSE_TO_ID.search(before) else None
    longest = _longest_part(value)
    if _HUMPS.match(longest) and sum(map(str.isdigit, longest)) <= 3:
        return None  # words of a program, cut short
    bits = rarity(longest)
    if (
        len(longest) < 12
        or bits < 5.3
        or (bits < 6.0 and is_made_of_words(longest))
        or _NUMBERED.match(value)
        or value.count(".") > 3
        or _API_VERSION.search(value)
        or _PACKAGE.match(value)
        or _ALGORITHM.match(value)
        or ("/" in value and not _is_base64(value))
    ):
        return None
    return f"looks random: {bits:.1f} bits"


def _is_base64(value: str) -> bool:
    parts = value.split("/")
    return (
        ("+" in value or (len(parts) <= 3 and len(value) >= 36)) and max(map(len, parts)) >= 10 and rarity(value) >= 6
    )


def _longest_part(value: str) -> str:
    return value if "/" in value else max(re.split(r"[-_.]", value), key=len)
