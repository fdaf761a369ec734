"""English words the finders know, as data: colours, numbers, nouns and synonyms, places, ..."""

from __future__ import annotations

from .nouns import table

COLOURS = table("""
red: scarlet crimson ruby
orange: amber tangerine pumpkin
yellow: lemon
green: emerald lime olive
blue: azure cobalt navy indigo
purple: violet lilac lavender plum
magenta: fuchsia
pink:
brown: chestnut
black: jet-black
white: ivory
grey: gray
gold: golden
silver: silvery
teal: turquoise cyan aqua
beige: cream
maroon: burgundy
""")
# A colour is kept when the rewrite says a plainer name of it.
COLOUR_NEAR = {
    "gold": frozenset({"yellow"}),
    "magenta": frozenset({"purple", "pink"}),
    "maroon": frozenset({"red"}),
    "teal": frozenset({"blue", "green"}),
    "silver": frozenset({"grey"}),
}
# "a green lawn" is kept by plain "grass".
NATURAL = frozenset(
    {
        ("green", "grass"),
        ("green", "field"),
        ("green", "garden"),
        ("green", "hill"),
        ("blue", "sea"),
        ("blue", "sky"),
        ("white", "snow"),
        ("white", "cloud"),
    }
)
# Words that are a thing as easily as a colour: "an orange on a table" names a fruit.
COLOUR_NOUNS = frozenset(
    "orange pumpkin olive lemon lime violet lavender gold silver cream ruby".split()
)
# "golden retriever" says no colour; the phrase is skipped.
COLOUR_IDIOMS = (
    "golden retriever|golden hour|golden ratio|golden age|blue hour|black hole|red wine|green tea|"
    "white wine|black tea|red carpet|greenhouse|black belt|"
    r"(?:olive|lemon|lime) (?:trees?|groves?|oil|branch)|"
    "white house of washington|silver screen"
)

NUMBERS = {
    word: value
    for value, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty".split(),
        start=1,
    )
} | {"dozen": 12, "hundred": 100, "thousand": 1000}
GROUPS = {"pair": 2, "couple": 2, "trio": 3, "dozen": 12}  # "a pair of cats"
ORDINALS = {
    word: value
    for value, words in enumerate(
        (
            "first 1st",
            "second 2nd",
            "third 3rd",
            "fourth 4th",
            "fifth 5th",
            "sixth 6th",
            "seventh 7th",
            "eighth 8th",
            "ninth 9th",
        ),
        start=1,
    )
    for word in words.split()
}
UNITS = frozenset(
    "mm cm m km px pixel pixels k percent am pm year years hour hours minute minutes second "
    "seconds "
    "o'clock degree degrees dpi fps x day days week weeks month months inch inches meter meters "
    "metre metres time times kg lens aperture iso steps points".split()
)

IRREGULAR = {
    "people": "person",
    "children": "child",
    "men": "man",
    "women": "woman",
    "mice": "mouse",
    "geese": "goose",
    "feet": "foot",
    "teeth": "tooth",
    "leaves": "leaf",
    "wolves": "wolf",
    "knives": "knife",
    "shelves": "shelf",
    "wives": "wife",
    "loaves": "loaf",
    "scarves": "scarf",
    "ladies": "lady",
    "cities": "city",
    "puppies": "puppy",
    "bodies": "body",
}

# "empty street" says "no people" without saying "no".
ANTONYMS = {
    "person": frozenset({"empty", "deserted", "uninhabited", "unpeopled", "abandoned"}),
    "crowd": frozenset({"empty", "deserted", "quiet", "lonely"}),
    "cloud": frozenset({"clear", "cloudless"}),
    "blurry": frozenset({"sharp", "crisp"}),
    "dark": frozenset({"bright"}),
}
CLOTHES = frozenset(
    "hat shirt dress coat scarf shoe glasses suit kimono uniform armour jeans skirt raincoat "
    "sweater hoodie robe cloak apron swimsuit vest costume mask glove tie".split()
)

DETERMINERS = frozenset(
    "a an the this that these those my your his her its our their some any each every no another "
    "several many few".split()
)
LINKS = frozenset(  # between a noun and the colour said of it: "the boat should be bright red"
    "is are was were be being become becomes to into should must painted coloured colored dyed "
    "tinted in all entirely completely bright dark light deep pale vivid that which it "
    "turned".split()
)
# Words that end a noun phrase.
BOUNDARY = frozenset(
    """
    of in on at by with without from to into onto over under above below beneath underneath behind
    beside between near inside outside within around through across against along and or but nor so
    that which who whose while when where as than then because if is are was were be been being has
    have had having do does did not don't doesn't can could will would should must may might there
    here it he she they we you i wearing wears wear holding holds hold sitting sits sit standing
    stands stand looking looks look running runs run flying flies fly walking walks walk riding
    rides ride eating eats eat playing plays play sleeping sleeps sleep lying lies lie surrounded
    covered
    made make turn change keep leave remove add put place paint draw show showing shows next instead
    please very too also only just like during after before until up down out off away toward
    towards for via per everything anything something nothing somebody nobody drinking reading
    reads
    swimming swims jumping jumps dancing dances facing faces floating floats resting rests watching
    watches using uses carrying carries let give swap replace move delete erase set unchanged still
    stays stay remains remain upon atop beyond amid among alongside
    """.split()
)
ABSTRACT = frozenset(
    "picture image photo photograph painting drawing illustration scene shot view style way "
    "kind sort "
    "type bit lot thing place moment feeling mood look colour color tone artwork art render piece "
    "set half side left right middle center centre top bottom front back wish idea version print "
    "sketch portrait close-up closeup morning evening afternoon day spring summer autumn winter "
    "fall end row line dawn "
    "dusk sunset sunrise".split()
)
# "cherry red": a thing that names the shade.
SHADES = frozenset("light cherry lemon rose blood sky sea snow fire ice pumpkin".split())
# What a wish may be for without naming a thing: "a birthday party", "a road trip".
EVENTS = frozenset(
    "trip party adventure holiday postcard scene view drive walk seascape weekend vacation".split()
)
STOPWORDS = DETERMINERS | frozenset(
    "of in on at by with from to and or as is are be it its for there only just other else "
    "everything "
    "rest all same exactly please picture image".split()
)
# Capitalised, yet nobody's name.
NOT_NAMES = frozenset(
    "I OK HD UHD HDR DSLR RAW UI UX TV LED RGB SDXL AI CGI FX VFX PNG JPG DOF ISO USB DIY Picture "
    "Image Photo Figure Reference Img A An The And Or No Not".split()
)
EDIT_VERBS = (
    "make|change|turn|recolou?r|replace|remove|delete|erase|add|put|place|swap|paint|dye|move|give|"
    "set|convert|transform|let|draw|render|don't|do not"
)
