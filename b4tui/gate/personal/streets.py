"""How streets are called in the languages whose forms generators and people write (words, and what fits around them).

Compounds carry the kind of street at their end (`Hillerring 26a`, `Itätuulenkuja 89`); Romance and Slavic languages
put it before the name (`Rua Diadema 1903`, `ul. Zamkowa 33`); English after it, and the number first.
"""

from __future__ import annotations

from b4tui.gate.patterns import lazily


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


SUFFIXES = _words(
    "straße strasse str. straat laan steenweg platz gasse allee chaussee promenade damm weg steig pfad ring ufer",
    "gatan vägen gränd stigen torget gade vej allé stræde plads gata veien vegen braut vegur stræti götu katu",
    "kuja bulevardi polku raitti tie plein singel gracht kade dreef utca út tér rakpart ulica cesta nábřeží",
    "náměstí třída",
)
"""Ends of compounds, and words, that a house number follows."""

WEAK = _words(
    "ring tie weg pfad steig ufer kade gata gade polku raitti cesta promenade",
)
"""Of these, the ones that end other words too."""

NO_STREET = lazily(
    r"(?:.*[aeiou]ring|(?:sub)?(?:st|sp)ring|(?:refer|occur|transfer|prefer|defer|infer|recur|stir|blur|star)ring|bring|tie"
    r"|(?:unti|necktie|netzwerk|bow|cutie|sweetie|par|proper)tie|.*(?:datei|such|lern|pro|dateisystem|verzeichnis)pfad|weg"
    r"|.*(?:käufer|läufer|rufer)|.*(?:up|down|retro|bri|bar|cas|deca|rene|char)gade|.*(?:deca|block)ade|regata|steig"
    r"|.*(?:ab|auf|um|ein)steig|(?:hin|rück|aus|um|lösungs|halb|hinter|des|keines)weg|promenade|pfad|ring|ufer)$"
)
"""Words with such an end that are none, in lower case."""

BEFORE_NAMES = _words(
    "rua rúa rue via viale vicolo corso piazza piazzale largo calle c/ avenida av. avda. avda plaza paseo camino",
    "carrer travessa praça praia ul. al. os. pl. plac strada strad. bulevardul aleea chemin impasse allée quai",
    "boulevard avenue alameda cuesta ronda pasadizo pasaje contrada incrocio estrada rodovia largo cours route",
    "place ulica nám. tř. stretto rotonda borgo rambla recanto trevo conjunto soseaua șoseaua intrarea callejón",
    "carretera glorieta vial acceso cañada urbanización circuito retorno corredor diagonal",
)
"""Words that the name and then the number follow."""

NUMBER_FIRST = _words(
    "rue via avenue boulevard place chemin impasse allée quai cours route",
)
"""Of these, the ones that a number may stand before (`40 rue Victor Hugo`); without one the next are too common."""

NEED_NUMBER_FIRST = _words(
    "place route cours avenue boulevard corso circuito diagonal corredor vial acceso largo al. os. pl.",
)
"""Words of other meanings: they count with a number before them, or with a name in capitals and a number after."""

ENGLISH = _words(
    "street st avenue ave road rd lane ln drive dr court ct boulevard blvd way place pl terrace parkway pkwy",
    "circle square trail loop crescent highway hwy close grove row walk vista junction plaza cove ridge run mews",
    "extension station alley crossing crossroad crossroads gateway island islands meadow meadows mountain",
    "mountains park points path pike port rapids road shoal shoals skyway spring springs spur track trace",
    "turnpike tunnel union valley view village ville mill mills mount neck orchard oval overpass pass passage",
    "brook burg bridge brooks bypass canyon cape causeway center cliff cliffs club common corner corners creek",
    "curve dale dam divide estate estates expressway falls ferry field fields flat flats ford forest forge fork",
    "forks fort garden gardens glen green harbor haven heights hill hills hollow inlet isle key keys knoll lake",
    "lakes landing light lock locks lodge manor radial ramp ranch rest shore shores stravenue summit throughway",
    "trafficway underpass viaduct well wells coves greens rue",
)
"""English kinds of streets, by the list of the US postal service (publication 28, appendix C1)."""

CLEARLY_ENGLISH = _words(
    "street st avenue ave road rd lane ln drive dr court ct boulevard blvd way terrace parkway pkwy crescent",
    "highway hwy mews turnpike alley crossroad crossroads skyway expressway causeway throughway stravenue st.",
    "ave. rd. dr. blvd.",
)
"""Of these, the ones that need no more than a number and a name before them."""
