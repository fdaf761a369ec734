"""English nouns the finders know, as data: synonyms, kinds of things, places, who can act."""

from __future__ import annotations


def table(rows: str) -> dict[str, str]:
    """Lines "canonical: word word ..." as a map of every word, the canonical one too, to it."""
    table: dict[str, str] = {}
    for row in rows.strip().splitlines():
        canonical, _, words = row.partition(":")
        for word in (canonical.strip(), *words.split()):
            table[word.replace("_", " ")] = canonical.strip().replace("_", " ")
    return table


# Canonical noun: words that name the same thing in a picture.
NOUNS = table(
    """
cat: kitten kitty feline tabby pussycat
dog: puppy hound pup doggy corgi husky terrier beagle retriever poodle dalmatian
car: automobile auto motorcar sedan
boat: sailboat motorboat ship dinghy vessel yacht rowboat canoe
house: home cottage farmhouse cabin hut
tree: oak pine palm willow fir
fish: goldfish
ball: football sphere
star:
sea: ocean beach seaside shore coast seashore
grass: meadow lawn
desert: dunes dune sahara
night: nighttime midnight moonlight
person: human somebody someone figure
man: gentleman guy
woman: lady
boy:
girl:
child: kid toddler
baby: infant
family:
crowd:
bird: sparrow crow raven
horse: pony stallion mare
forest: woods woodland jungle
mountain: peak
hill:
river: stream creek
lake: pond
road: path lane
street: alley
city: town skyline
village:
garden: park
field: farmland countryside
room: bedroom
kitchen:
table: desk
chair: armchair stool
sofa: couch
bed:
window:
door: doorway
wall:
floor:
roof: rooftop
lamp: lantern
book: novel
cup: mug
bottle: flask
plate: dish
bowl:
flower: blossom rose tulip daisy sunflower orchid
leaf: foliage
sky:
cloud:
sun:
moon:
snow:
rain:
mist: fog
fire: flame campfire bonfire
water:
bridge:
castle: palace
tower: lighthouse
temple: shrine pagoda
church: cathedral
building: skyscraper
bicycle: bike
motorcycle: motorbike
train: locomotive
plane: airplane aeroplane aircraft jet
truck: lorry
bus: coach
robot: android
dragon: wyvern
unicorn:
knight:
wizard: mage sorcerer
astronaut: cosmonaut spaceman
spaceship: spacecraft rocket starship
king:
queen:
hat: cap
shirt: blouse t-shirt
dress: gown
coat: jacket
scarf:
shoe: boot sneaker
umbrella: parasol
glasses: spectacles sunglasses
sword: blade
bag: backpack handbag
balloon:
kite:
cake: cupcake
apple:
lemon:
banana:
bread: loaf
coffee:
tea:
pizza:
fruit:
food: meal
fox:
wolf:
bear:
panda:
rabbit: bunny hare
mouse:
elephant:
lion:
tiger:
cow:
sheep: lamb
goat:
pig:
duck: duckling
goose:
owl:
penguin:
butterfly:
bee:
frog:
turtle: tortoise
whale:
dolphin:
shark:
snake:
monkey:
dinosaur:
statue: sculpture
fountain:
fence:
bench:
clock: watch
mirror:
candle:
box: crate
sign: signboard billboard
poster:
logo:
text: writing lettering
watermark:
face:
hair:
eye:
hand:
body:
background: backdrop
shadow:
guitar:
piano: keyboard
phone: smartphone
computer: laptop
camera:
island:
waterfall:
cave:
planet:
galaxy:
doctor:
chef: cook
teacher:
dancer: ballerina
soldier:
samurai:
ninja:
pirate:
vase:
basket:
carpet: rug
curtain:
pillow: cushion
shelf: bookshelf bookcase
wheel:
flag:
rock: stone boulder
sand:
animal: creature
pet:
toy:
thing: object item
vehicle:
plant:
landscape:
crown:
helmet:
wing:
beard:
tail:
ear:
nose:
leg:
arm:
jeans: trousers
skirt:
glove: mitten
necklace:
ring:
ribbon:
feather:
suit: tuxedo
tie:
kimono:
uniform:
armour: armor
shield:
letter: envelope
map:
blanket: quilt
towel:
bucket: pail
ladder:
key:
gift:
doll:
drum:
violin: cello
trumpet:
stage:
kettle: teapot
pot:
spoon: fork
cherry: strawberry
pumpkin:
mushroom: toadstool
cactus:
snowman:
windmill:
tent:
barn:
shop: store
market:
"""
)

# A word of the wish is kept when the rewrite names one of its kinds.
KINDS_OF = {
    "pet": frozenset("cat dog fish bird rabbit mouse turtle".split()),
    "animal": frozenset(
        "cat dog fish bird horse fox wolf bear panda rabbit mouse elephant lion tiger cow sheep "
        "goat "
        "pig duck goose owl penguin butterfly bee frog turtle whale dolphin shark snake monkey "
        "dinosaur".split()
    ),
    "bird": frozenset("duck goose owl penguin".split()),
    "vehicle": frozenset("car boat bicycle motorcycle train plane truck bus spaceship".split()),
    "person": frozenset(
        "man woman boy girl child baby knight wizard astronaut king queen doctor chef teacher "
        "dancer "
        "soldier samurai ninja pirate crowd family".split()
    ),
    "child": frozenset({"boy", "girl", "baby"}),
    "crowd": frozenset({"person"}),
    "toy": frozenset("ball car boat star train plane robot dinosaur kite balloon".split()),
    "hill": frozenset({"mountain", "grass"}),
    "star": frozenset({"night"}),
    "moon": frozenset({"night"}),
    "fruit": frozenset({"apple", "lemon", "banana"}),
    "food": frozenset({"cake", "bread", "pizza", "fruit", "apple", "lemon", "banana"}),
    "plant": frozenset({"tree", "flower", "grass"}),
    "building": frozenset({"house", "castle", "tower", "temple", "church"}),
    "garden": frozenset({"grass", "field"}),
    "field": frozenset({"grass", "garden"}),
    "water": frozenset({"sea", "lake", "river"}),
    "sand": frozenset({"desert"}),
    "sky": frozenset({"night", "cloud"}),
}
ANIMATE = (
    KINDS_OF["animal"]
    | KINDS_OF["person"]
    | frozenset("pet animal person bird robot dragon unicorn".split())
)
# Nouns that are the scene around the things: where they are said, the subject hardly matters.
PLACES = frozenset(
    "sea grass desert night forest mountain river lake road street city village garden field room "
    "kitchen sky snow island cave planet galaxy space water floor waterfall temple castle "
    "hill".split()
)
KINDS_OF["landscape"] = PLACES
GENERIC = frozenset({"thing", "toy", "animal", "pet"})  # counted over everything that is named
