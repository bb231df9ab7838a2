"""What stands between a name and a value in the languages of the world, as one pattern.

Its groups say what was found: a sign, a comma, a call, a tag, a space, and which quotes the value begins with.
"""

from __future__ import annotations

import re

from b4tui.gate.patterns import lazily

_CLOSE = r"""(?:\\{0,3}["'`]{1,2}|&quot;|/i?(?=\))|\(\)(?=[).,]|[ ]?[=!]=))?\*{0,2}(?:\[\d{0,4}\])?
    (?:[\])]{1,2}(?:(?P<outer>["'`])\)?)?)?(?:\.(?:[vV]alue|[tT]ext)\b)?"""
"""What closes a name: quotes, the brackets it stands in, the quotes around a selector."""
_KIND = r"""(?:
    [ \t]{0,3}:[ \t]{0,3}[&*]?[A-Za-z_][\w.<>\[\]|]{0,30}[ \t]{0,3}(?==[^=>])
    |(?<!["'`])[ \t]{1,3}(?:(?:As|CONSTANT|constant)[ ])?[*&]?[A-Za-z]\w{1,15}(?:\(\d{1,5}\))?[ \t]{0,3}(?=:?=)
    |[ \t]{0,3}\{[ ]?get;[^}\n]{0,30}\}(?=[ ]{0,2}=)
    )"""
_QUOTE = r"""\\{0,3}["'`]{1,3}|&quot;|&\#3[49];|<!\[CDATA\["""
_SIGN = r"""[ \t]{0,20}(?:[:.?+!|]{0,3}={1,3}>?|:(?:\*{1,2}|-(?=[^>\s]))?|->|<-|\|\||\?\?|~>)"""
_TAGS = r"</?(?:b|strong|code|em|i|tt|span)>[ \t]{0,3}"
_ELSE = r"""[\w.$]{1,60}+(?:\([^()\n]{0,60}\)|\[[^\]\n]{1,40}\])?[ ]?(?:\|\||\?\?|\?:|or)[ ]{1,3}(?=["'`])"""
"""What is taken first: `config.get("x") || "y"`."""
_ATTRIBUTES = r"""(?:[ ](?:translatable|formatted|serializeAs|xsi:type|[tT]ype|encrypted)="[^"<>\n]{0,60}"){1,3}"""
_LIST = r"""[\[({]\s{0,8}(?:["'][\w.@-]{1,40}["']\s{0,3}(?::|=>)\s{0,3})?(?=["'])"""
"""What begins a list of values, or of values by name."""
_MADE = r"""(?:!!\w{1,10}[ \t]{1,3}|\(\s{1,20}[bBuU]?(?=["'])|[bBuUrRLNE@$]{1,2}(?=["'])|(?:new[ \t])?(?:
    [Ss]tring|str|unicode|[Bb]ytes?|Buffer\.from|Secret(?:Str)?|(?:base64\.)?b64decode|base64_decode|atob|decode|encode|
    strdup|(?:aws|pulumi|to|ptr|types|cty|core|swag)\.String(?:Ptr|Val|Value)?|to\.Ptr|to_string|String(?:\.|::)from|Some
    |Ok|ptr|SecureString|std::string|QString|quote|\[\](?:byte|rune)|Field
    )\(\s{0,3}(?=["'`]))"""
"""What makes a value of what is in quotes: a kind of string, a function that only turns it into one."""
_GIVES = (
    "to(?:Be|Equal|StrictEqual)|(?:to|should)(?:[.](?:be|deep))?[.](?:equals?|eql?)|isEqualTo|"
    "type|fill|send_?[kK]eys|setValue|val|equals"
)
"""What tests do with a field or a value of that name: give it something, compare it."""
BETWEEN = lazily(
    rf"""{_CLOSE}(?:
    (?P<value>(?:,|\s)\s{{0,20}}["':]?(?:(?:\w{{1,10}}:)?[vV]alue|default(?:_?[vV]alue)?|with)["']?\s{{0,3}}(?:=>|[:=])\s{{0,3}}
        |[ ]?\{{\s{{1,8}}(?:(?:type|description|sensitive)[ ]{{1,8}}=[^\n]{{0,80}}\n\s{{0,8}}){{0,3}}
        default[ ]{{1,8}}=[ ]{{1,3}})
    |(?P<sign>{_KIND}?{_SIGN})
        (?:\s{{0,20}}(?={_QUOTE})|[ \t]{{0,20}}(?:{_TAGS}){{0,2}}(?:\*{{2}}(?=`))?)(?:{_ELSE})?(?P<list>{_LIST})?
    |(?P<given>(?:\.(?:{_GIVES})|[ ]?\|[ ]?default)\(\s{{0,3}})(?=["'])
    |[ \t]{{0,20}}(?P<cell>\|)[ \t]{{0,20}}
    |(?P<comma>[ \t]{{0,2}},[ \t]{{0,8}})(?=\\{{0,3}}["'])
    |(?P<target>,[ ]?\{{[ ]?target:[ ]?\{{[ ]?value:[ ]?|(?<=["'])[ ](?:with|to|as)[ ]
        |(?<=["'][)\]])[ ](?:or|\?:)[ ])(?=["'])
    |(?P<returned>\([^()\n]{{0,60}}\)[^\n{{}}:=;"']{{0,40}}[:{{]\s{{1,20}}return[ ]{{1,3}})(?=["'])
    |(?P<call>\(\s{{0,3}})(?=@?["'])
    |(?P<pair></[\w:-]{{1,20}}>\s{{0,20}}<[\w:-]{{1,20}}>)
    |(?P<tag>(?:["']|&quot;)?(?:{_ATTRIBUTES})?>\s{{0,12}}(?:<[vV]alue>)?(?!`))
    |(?P<space>[ \t]{{1,12}}(?:is[ \t]{{1,2}}|ist[ \t]{{1,2}}|lautet[ \t]{{1,2}})?)
    ){_MADE}?(?P<quote>{_QUOTE})?""",
    re.X,
)
"""From the end of a name to the beginning of a value, its quotes included."""
