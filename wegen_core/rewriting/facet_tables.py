"""What a prompt may leave open, as data: for each facet rows "English | Chinese | keywords | tags".

Keywords are the value as tags, for lists of tags and for painters that read keywords. Tags say what
a value shows or needs; the tags of two values, or of a value and the prompt, may conflict
(`compatibility`). "bold" values need high creativity, "animate" ones somebody who can act.
"""

from __future__ import annotations

SUBJECT = """
a small sailing boat with a striped sail | 一艘挂着条纹帆的小船 | sailboat, striped sail | vessel
a fox curled up beside a lantern | 一只蜷在灯笼旁的狐狸 | fox, lantern, curled up | animate still
an old lighthouse with a spiral stair | 一座带旋转楼梯的老灯塔 | old lighthouse, spiral stairs | building
a bicycle leaning on a painted wall | 一辆靠在彩绘墙边的自行车 | bicycle, painted wall | outdoor street
a cat watching the world go by | 一只看着世界流过的猫 | cat, watching | animate still
a tea house under a great tree | 一间大树下的茶屋 | tea house, big tree | building leaves
a child flying a paper kite | 一个放纸风筝的孩子 | child, paper kite | outdoor animate motion wind
a table set with fruit and flowers | 一张摆着水果和鲜花的桌子 | table, fruit, flowers | tabletop
a tiny robot tending a garden | 一个照料花园的小机器人 | tiny robot, garden | bold animate machine garden
a whale drifting between clouds | 一头在云间漂游的鲸鱼 | whale, clouds, flying | bold outdoor huge sky
a library grown inside a hollow tree | 一座长在空心树里的图书馆 | library, hollow tree | bold indoor
"""
ACTION = """
resting quietly | 静静地休息 | resting | animate still
turning to look back | 回头张望 | looking back | animate face
in mid-leap | 跃在半空 | jumping, midair | animate legs motion
walking into the wind | 迎风而行 | walking, wind | animate legs wind motion
looking out into the distance | 眺望远方 | looking afar | animate face
stretching after a nap | 小憩后伸着懒腰 | stretching | animate legs nap still
caught in a moment of surprise | 惊讶的一瞬间 | surprised | animate face motion
playing with a drifting leaf | 逗弄飘落的叶子 | playing, falling leaf | animate legs leaves motion
dancing on a shadow | 踩着影子起舞 | dancing, shadow | animate bold legs sun motion
balancing on a thin line of light | 在一线光上保持平衡 | balancing, beam of light | animate bold legs
"""
SETTING = """
on a quiet village square | 在安静的村庄广场上 | village square | outdoor dry built rustic street calm
beside a misty lake | 在薄雾弥漫的湖边 | lake, mist | outdoor shore nature mist
in a wildflower meadow | 在开满野花的草甸上 | meadow, wildflowers | outdoor dry nature summer green
in a sunlit kitchen with tiled walls | 在铺着瓷砖、洒满阳光的厨房里 | kitchen, tiled walls, sunlight | indoor day sun domestic
on a rooftop above the city | 在俯瞰城市的屋顶上 | rooftop, cityscape | outdoor dry built urban modern height
among tall pines | 在高大的松林间 | pine forest | outdoor dry nature leaves
on a cobbled harbour front | 在鹅卵石铺成的港口边 | harbor, cobblestone | outdoor shore built rustic street
in a greenhouse full of ferns | 在长满蕨类的温室里 | greenhouse, ferns | indoor green room
in a cosy room with bookshelves | 在摆满书架的温馨房间里 | cozy room, bookshelf | indoor domestic cosy
in front of weathered plaster walls | 在斑驳的灰泥墙前 | plaster wall | dry built rustic street backdrop
on a winding mountain path | 在蜿蜒的山间小路上 | mountain path | outdoor dry nature height footpath
at a small night market | 在小小的夜市里 | night market, lanterns | outdoor dry built street night lively
on a wind-swept dune | 在风吹过的沙丘上 | sand dune, wind | outdoor dry nature sand wind
in an empty studio with a plain backdrop | 在素色背景的空摄影棚里 | studio, simple background | indoor modern backdrop empty room
on a floating island above the clouds | 在云海之上的浮岛上 | floating island, above clouds | bold outdoor dry nature height sky
inside a giant glass bottle | 在巨大的玻璃瓶里 | inside glass bottle | bold inside
on the surface of a distant moon | 在遥远卫星的表面上 | moon surface, space | bold elsewhere space night
in a drowned city of coral | 在珊瑚覆盖的水下城市中 | underwater city, coral | bold elsewhere underwater
"""
TIME = """
in the early morning | 清晨时分 | early morning | day low
in the late afternoon | 傍晚之前的午后 | late afternoon | day low
at blue dusk | 蓝调黄昏 | dusk, blue hour | dusk cool
at sunrise | 日出时分 | sunrise | day outdoor low sun sky warm
at high noon | 正午时分 | noon | day bright noon sun
late at night | 深夜时分 | night | night
at sunset | 日落时分 | sunset | day outdoor low sun sky warm
just after rain | 刚下过雨 | after rain, wet | outdoor wet
during an eclipse | 日食之时 | eclipse | bold outdoor dark sky
under a sky of two moons | 双月悬空之时 | night sky, two moons | bold night outdoor sky
"""
SEASON = """
in early spring | 初春时节 | early spring | outdoor spring
in full summer | 盛夏时节 | summer | outdoor summer warm
in golden autumn | 金秋时节 | autumn, golden leaves | outdoor autumn day sun leaves warm colour
in the first snow of winter | 冬日初雪 | first snow, winter | outdoor winter cool
in cherry blossom season | 樱花盛开的时节 | cherry blossoms, spring | outdoor spring leaves colour
in the rainy season | 雨季 | rain | outdoor rain wet
on a frosty winter day | 霜冻的冬日 | frost, winter | outdoor winter day cool
in a season of drifting glowing seeds | 发光种子漫天飘飞的季节 | glowing seeds, drifting | bold outdoor leaves
"""
LIGHT = """
soft window light from the side | 侧面柔和的窗光 | window light, soft lighting | day indoor
warm low sunlight with long shadows | 温暖低斜的阳光与长长的影子 | warm sunlight, long shadows | day low sun warm
even overcast light | 均匀的阴天光线 | overcast, soft lighting | day overcast outdoor
gentle backlight with a bright rim | 带明亮轮廓的柔和逆光 | backlighting, rim light | back
dappled light through leaves | 透过树叶的斑驳光影 | dappled sunlight | outdoor day leaves sun
lantern light in deep shadow | 深影中的灯笼光 | lantern light, shadow | night dark fire warm rustic
hazy light with visible rays | 可见光束的朦胧光线 | light rays, haze | haze
clear hard midday light | 清晰强烈的正午光 | hard light, midday | outdoor day bright noon sun clear
candlelight and dark corners | 烛光与幽暗的角落 | candlelight, dim | night dark indoor fire warm rustic
cool moonlight | 清冷的月光 | moonlight | night outdoor sky clear cool
neon glow on wet surfaces | 湿润表面上的霓虹光 | neon lights, wet reflections | night bold urban modern wet neon colour
diffused illumination | 漫射光 | diffused light |
lit strongly from one side | 单侧强光 | side lighting | contrast
a glow from overhead | 顶部柔光 | overhead light |
one bright beam | 一束光 | spotlight, beam of light | contrast
light that comes from the things themselves | 由物体自身发出的光 | bioluminescence, glowing | bold glow
coloured light through stained glass | 透过彩色玻璃的光 | stained glass light | bold indoor day sun colour
"""
MOOD = """
calm and unhurried | 平静从容的气氛 | calm | calm
playful and light | 轻快俏皮的气氛 | playful | bright joy
wistful and quiet | 带着淡淡惆怅的宁静 | wistful, quiet | calm sad
mysterious and hushed | 神秘静谧的气氛 | mysterious | dark calm
fresh and hopeful | 清新而充满希望 | fresh, hopeful | bright joy
grand and solemn | 宏大庄严的气氛 | grand, solemn | solemn
cosy and intimate | 温馨亲密的气氛 | cozy, intimate | cosy calm
lively and full of movement | 热闹而充满动感 | lively, dynamic | lively motion
dreamy and weightless | 梦幻轻盈的气氛 | dreamy, ethereal | dreamy
dramatic and tense | 戏剧性的紧张气氛 | dramatic, tense | dark tense
tender | 温柔细腻 | gentle, tender | joy calm
serene | 平和安定 | serene | calm
nostalgic | 怀旧 | nostalgic | calm
striking and direct | 大胆醒目 | striking |
wonderfully strange | 奇妙古怪的气氛 | surreal, whimsical | bold
like a half-remembered legend | 像一个依稀记得的传说 | mythical, legendary | bold dreamy
"""
PALETTE = """
muted earth tones | 低饱和的大地色调 | muted colors, earth tones | earth
soft pastel tones | 柔和的粉彩色调 | pastel colors | bright pastel
a cool restrained palette | 冷静克制的冷色调 | cool colors | cool
a warm harmonious palette | 温暖和谐的暖色调 | warm colors | warm
deep jewel tones | 浓郁的宝石色调 | jewel tones | deep
faded sun-bleached tones | 褪色的日晒色调 | faded colors | day sun dry
nearly monochrome tones with one accent | 近乎单色、只有一处亮点的色调 | limited palette, spot color | accent
bright candy tones | 明亮的糖果色调 | candy colors, vibrant | bright joy candy
misty low-contrast tones | 雾感的低对比色调 | low contrast, misty colors | haze
strong complementary contrasts | 强烈的互补对比 | complementary colors, high contrast | contrast
neutral tones | 中性色调 | neutral colors |
high-key clarity | 高调明净 | high-key, bright | bright
low-key richness | 低调深沉 | low-key | dark
two harmonious hues | 双色和谐 | two-tone palette |
iridescent tones that shift across the frame | 在画面中流转的虹彩色调 | iridescent | bold candy
two flat inks on textured paper | 粗纹纸上的双色套印 | two-color print, textured paper | bold drawn
"""
VIEWPOINT = """
seen at eye level | 平视视角 | eye level | level
seen from slightly above | 略微俯视 | from above |
a low viewpoint looking up | 低机位仰视 | from below, low angle | lookup
a close view with fine detail | 近景特写，细节清晰 | close-up, detailed | close
a wide view with much space around | 开阔的远景，四周留有空间 | wide shot | far
a three-quarter view | 四分之三侧面视角 | three-quarter view |
seen through a doorway | 透过门框看去 | view through doorway | frame surroundings built doorway
seen from straight above | 正上方俯视 | top-down view | top
seen through foreground leaves | 透过前景的枝叶看去 | foreground leaves, framing | outdoor leaves frame surroundings
a view from far away with flattened depth | 远距离的压缩透视 | telephoto, distant view | far surroundings
in side view | 正侧面 | from side |
frontal | 正面朝向 | front view |
slightly tilted | 略微倾斜 | dutch angle |
at medium range | 中景 | medium shot | middle
a fisheye view that bends the edges | 边缘弯曲的鱼眼视角 | fisheye | bold lens
seen as a reflection in a puddle | 从水洼倒影中看去 | puddle reflection | bold outdoor wet street surroundings
an ant's-eye view | 蚂蚁视角 | worm's-eye view | bold lookup
"""
COMPOSITION = """
off-centre with open space on one side | 偏离中心，一侧留白 | off-center, negative space | space
centred and symmetrical | 居中对称的构图 | centered, symmetry | flatfit
framed by darker shapes | 由深色形状围成画框 | framed composition | frame surroundings
strong diagonal lines | 强烈的对角线构图 | diagonal composition | flatfit
layered foreground, middle and distance | 前景、中景、远景层次分明 | layered depth, foreground | surroundings depth
a simple uncluttered arrangement | 简洁不杂乱的布置 | minimalist composition | flatfit simple
lines that lead to the centre | 引向中心的线条 | leading lines | surroundings
small within a large scene | 大场景中的小主体 | small subject, vast scene | far surroundings
filling most of the frame | 占满大部分画面 | filling the frame | full flatfit
balanced by a quiet empty area | 以安静的空白取得平衡 | balanced composition, empty space | space flatfit simple
on the rule of thirds | 三分法构图 | rule of thirds |
arranged in a triangle | 三角形布局 | triangular composition | flatfit
with a clear silhouette | 轮廓清晰 | clear silhouette | flatfit
tightly cropped | 紧凑的裁切 | tight crop | full
a spiral that pulls the eye inwards | 把视线引向内部的螺旋构图 | spiral composition | bold
a tall narrow scroll-like arrangement | 狭长卷轴般的构图 | scroll composition, vertical | bold
"""
MEDIUM = """
a natural photograph | 自然的摄影照片 | photo, realistic | photo
a loose watercolour | 写意的水彩画 | watercolor | drawn painterly
an oil painting with visible brushwork | 笔触可见的油画 | oil painting, brushstrokes | drawn painterly
a fine pencil drawing with light washes | 淡彩铅笔画 | pencil drawing | drawn painterly soft
a gouache storybook illustration | 水粉绘本插画 | gouache, storybook illustration | drawn painterly
an analogue film photograph | 胶片照片 | film photography, film grain | photo
a clean vector illustration | 干净的矢量插画 | vector art | drawn flatfit
an ink wash painting | 水墨画 | ink wash painting | drawn painterly mono ink
a soft 3D render | 柔和的三维渲染 | 3d render | render
a linocut print | 麻胶版画 | linocut print | drawn bold flatfit mono
a coloured pencil illustration | 彩色铅笔插画 | colored pencil | drawn painterly soft
an acrylic painting | 丙烯画 | acrylic painting | drawn painterly
a screen print | 丝网版画 | screen print | drawn flatfit
a digital painting | 数字绘画 | digital painting | drawn painterly
a scene of cut paper | 剪纸场景 | paper cut art | bold craft
a hand-stitched embroidery | 手工刺绣 | embroidery | bold craft flatfit
a clay stop-motion still | 黏土定格动画画面 | claymation | bold craft
"""

# In the order in which they are said; (rows, how readily the facet is chosen, tags of all rows).
FACETS: dict[str, tuple[str, float, str]] = {
    "subject": (SUBJECT, 9.0, ""),
    "action": (ACTION, 0.75, "scene"),
    "setting": (SETTING, 1.3, "scene place where"),
    "time": (TIME, 0.8, "scene place when"),
    "season": (SEASON, 0.55, "scene place season"),
    "light": (LIGHT, 1.2, "scene"),
    "mood": (MOOD, 0.9, ""),
    "palette": (PALETTE, 0.85, "colour"),
    "viewpoint": (VIEWPOINT, 1.0, "scene"),
    "composition": (COMPOSITION, 0.8, ""),
    "medium": (MEDIUM, 0.9, ""),
}
# Words by which a prompt decides a facet itself.
CUES: dict[str, str] = {
    "setting": (
        r"\b(?:in|on|at|by|inside|near|under|beneath|through|against|behind|beside|above|among)\s+"
        r"(?:a|an|the|my|his|her|its|our|their|some|two|grass|snow|sand|water|space|mars|outer)\b|"
        r"\b(?:indoors?|outdoors?|background|backdrop|landscape|scene|interior|village|city|street|"
        r"forest|desert|beach|sea|ocean|mountains?|garden|room|kitchen|field|meadow|grass|lake|"
        r"river|"
        r"sky|space|underwater|studio|place|seaside|park|cafe|bar|shop|market|school|office)\b|"
        r"背景|海|沙滩|沙漠|森林|草地|草原|山|湖|河|街|城市|村|花园|公园|房间|厨房|客厅|卧室|"
        r"太空|天空|室内|室外|"
        r"桌子|窗|屋|在.{1,12}[里上中下旁边]"
    ),
    "light": (
        r"\b(?:\w*light(?:s|ing|ed|it)?|\w*lit|shadows?|glow\w*|neon|backlit|shine|shining|sunny|"
        r"sunbeams?|rays|dark|bright|golden hour|sunset|sunrise|chiaroscuro|candle\w*)\b|"
        r"光|阴影|霓虹|昏暗|明亮|逆光|日落|日出"
    ),
    "palette": (
        r"\b(?:palette|tones?|colou?rful|pastel|monochrom\w*|black and white|sepia|vivid|muted|"
        r"saturated|hues?|colou?rs)\b|色调|配色|黑白|彩色|色彩|五彩"
    ),
    "viewpoint": (
        r"\b(?:view|viewpoint|angle|close[- ]?up|macro|aerial|overhead|bird's[- ]eye|wide[- ]?shot|"
        r"wide[- ]angle|from (?:above|below|behind|the side|the front)|shot|profile|portrait|"
        r"selfie|"
        r"isometric|perspective|panorama|fisheye|seen)\b|视角|特写|俯视|仰视|俯瞰|远景|近景|"
        r"侧面|正面|广角|全景|镜头"
    ),
    "composition": (
        r"\b(?:composition|centr?ed|symmetric\w*|rule of thirds|negative space|framed|minimalis\w*|"
        r"on the (?:left|right)|in the (?:middle|cent(?:er|re)|foreground|background)|"
        r"full[- ]body|portrait|close[- ]?up)\b|构图|居中|对称|留白|左边|右边|左侧|右侧|中间|"
        r"中央|前景|背景|特写"
    ),
    "medium": (
        r"\b(?:photo\w*|painting|drawing|illustration|render\w*|sketch|watercolou?r|oil|ink|pencil|"
        r"anime|manga|cartoon|comic|pixel|3d|style|art|print|poster|logo|icon|film|cinematic|"
        r"vector|"
        r"sculpture|collage|realistic|cgi|clay\w*|engraving|mosaic|graffiti|polaroid|dslr|\d+mm)\b|"
        r"照片|摄影|画|插画|渲染|素描|水彩|油画|水墨|动漫|卡通|像素|风格|风$|海报|写实|版画|剪纸"
    ),
    "mood": (
        r"\b(?:cheerful|happy|joyful|sad|calm|peaceful|serene|gloomy|melanchol\w*|moody|dramatic|"
        r"mysterious|spooky|scary|creepy|cozy|cosy|romantic|dreamy|epic|playful|funny|lonely|tense|"
        r"eerie|whimsical|nostalgic|quiet|angry|magical|festive|cute|mood|atmosphere|tranquil|"
        r"ominous)"
        r"\b|快乐|开心|欢快|悲伤|忧伤|平静|宁静|安静|神秘|恐怖|温馨|浪漫|梦幻|孤独|可爱|气氛|"
        r"氛围|喜庆|热闹"
    ),
    "time": (
        r"\b(?:morning|noon|midday|afternoon|evening|night|midnight|dawn|dusk|sunrise|sunset|"
        r"twilight|"
        r"golden hour|blue hour|daytime|day|moon\w*|stars|starry|nightfall|sunny)\b|"
        r"早上|早晨|清晨|中午|正午|下午|傍晚|黄昏|晚上|夜|日出|日落|凌晨|白天|月|星空|晚霞"
    ),
    "season": (
        r"\b(?:spring|summer|autumn|fall|winter|snow\w*|christmas|halloween|frost\w*|autumnal|"
        r"easter|"
        r"icy|blossoms?|july|january|december|desert|space|underwater|beach)\b|"
        r"春|夏|秋|冬|雪|樱花|圣诞|中秋|新年|沙漠|太空"
    ),
    "action": (
        r"\b(?!(?:king|ring|wing|sling|string|ceiling|building|painting|drawing|evening|morning|"
        r"spring|thing|something|clothing|lightning|wedding|viking|earring|pudding|dumpling|"
        r"darling)\b)\w{2,}ing\b|\b(?:sits|stands|runs|jumps|plays|holds|eats|drinks|sleeps|asleep|"
        r"dances|flies|"
        r"reads|walks|rides|looks|swims|lies|wears|portrait|logo|icon)\b|"
        r"[坐站跑跳玩拿吃喝睡舞飞读走骑看游躺穿戴抱放弹唱追]|正在|着"
    ),
}
