"""What a prompt may leave open, as data: for each facet rows "English | Chinese | tags".

Values whose tags conflict (`CONFLICTS`) are not combined. "bold" values need high creativity,
"animate" ones somebody who can act.
"""

from __future__ import annotations

SUBJECT = """
a small sailing boat with a striped sail | 一艘挂着条纹帆的小船 | outdoor water
a fox curled up beside a lantern | 一只蜷在灯笼旁的狐狸 | animate
an old lighthouse with a spiral stair | 一座带旋转楼梯的老灯塔 | outdoor
a bicycle leaning on a painted wall | 一辆靠在彩绘墙边的自行车 | outdoor
a cat watching the world go by | 一只看着世界流过的猫 | animate
a tea house under a great tree | 一间大树下的茶屋 | outdoor
a child flying a paper kite | 一个放纸风筝的孩子 | outdoor animate
a table set with fruit and flowers | 一张摆着水果和鲜花的桌子 |
a tiny robot tending a garden | 一个照料花园的小机器人 | bold animate
a whale drifting between clouds | 一头在云间漂游的鲸鱼 | bold outdoor
a library grown inside a hollow tree | 一座长在空心树里的图书馆 | bold indoor
"""
SETTING = """
on a quiet village square | 在安静的村庄广场上 | outdoor
beside a misty lake | 在薄雾弥漫的湖边 | outdoor water
in a wildflower meadow | 在开满野花的草甸上 | outdoor summer
in a sunlit kitchen with tiled walls | 在铺着瓷砖、洒满阳光的厨房里 | indoor day
on a rooftop above the city | 在俯瞰城市的屋顶上 | outdoor
among tall pines | 在高大的松林间 | outdoor
on a cobbled harbour front | 在鹅卵石铺成的港口边 | outdoor water
in a greenhouse full of ferns | 在长满蕨类的温室里 | indoor
in a cosy room with bookshelves | 在摆满书架的温馨房间里 | indoor
in front of weathered plaster walls | 在斑驳的灰泥墙前 |
on a winding mountain path | 在蜿蜒的山间小路上 | outdoor
at a small night market | 在小小的夜市里 | outdoor night
on a wind-swept dune | 在风吹过的沙丘上 | outdoor
in an empty studio with a plain backdrop | 在素色背景的空摄影棚里 | indoor
on a floating island above the clouds | 在云海之上的浮岛上 | bold outdoor
inside a giant glass bottle | 在巨大的玻璃瓶里 | bold
on the surface of a distant moon | 在遥远卫星的表面上 | bold elsewhere night
in a drowned city of coral | 在珊瑚覆盖的水下城市中 | bold elsewhere
"""
LIGHT = """
soft window light from the side | 侧面柔和的窗光 | day
warm low sunlight with long shadows | 温暖低斜的阳光与长长的影子 | day low
even overcast light | 均匀的阴天光线 | day overcast
gentle backlight with a bright rim | 带明亮轮廓的柔和逆光 |
dappled light through leaves | 透过树叶的斑驳光影 | outdoor day
lantern light in deep shadow | 深影中的灯笼光 | night dark
hazy light with visible rays | 可见光束的朦胧光线 |
clear hard midday light | 清晰强烈的正午光 | outdoor day bright noon
candlelight and dark corners | 烛光与幽暗的角落 | night dark indoor
cool moonlight | 清冷的月光 | night outdoor
neon glow on wet surfaces | 湿润表面上的霓虹光 | night bold
light that comes from the things themselves | 由物体自身发出的光 | bold
coloured light through stained glass | 透过彩色玻璃的光 | bold indoor day
"""
PALETTE = """
muted earth tones | 低饱和的大地色调 |
soft pastel tones | 柔和的粉彩色调 | bright
a cool restrained palette | 冷静克制的冷色调 |
a warm harmonious palette | 温暖和谐的暖色调 |
deep jewel tones | 浓郁的宝石色调 |
faded sun-bleached tones | 褪色的日晒色调 | day
nearly monochrome tones with one accent | 近乎单色、只有一处亮点的色调 |
bright candy tones | 明亮的糖果色调 | bright
misty low-contrast tones | 雾感的低对比色调 |
strong complementary contrasts | 强烈的互补对比 |
iridescent tones that shift across the frame | 在画面中流转的虹彩色调 | bold
two flat inks on textured paper | 粗纹纸上的双色套印 | bold drawn
"""
VIEWPOINT = """
seen at eye level | 平视视角 |
seen from slightly above | 略微俯视 |
a low viewpoint looking up | 低机位仰视 |
a close view with fine detail | 近景特写，细节清晰 |
a wide view with much space around | 开阔的远景，四周留有空间 |
a three-quarter view | 四分之三侧面视角 |
seen through a doorway | 透过门框看去 |
seen from straight above | 正上方俯视 |
seen through foreground leaves | 透过前景的枝叶看去 | outdoor
a view from far away with flattened depth | 远距离的压缩透视 |
a fisheye view that bends the edges | 边缘弯曲的鱼眼视角 | bold
seen as a reflection in a puddle | 从水洼倒影中看去 | bold outdoor
an ant's-eye view | 蚂蚁视角 | bold
"""
COMPOSITION = """
off-centre with open space on one side | 偏离中心，一侧留白 |
centred and symmetrical | 居中对称的构图 |
framed by darker shapes | 由深色形状围成画框 |
strong diagonal lines | 强烈的对角线构图 |
layered foreground, middle and distance | 前景、中景、远景层次分明 |
a simple uncluttered arrangement | 简洁不杂乱的布置 |
lines that lead to the centre | 引向中心的线条 |
small within a large scene | 大场景中的小主体 |
filling most of the frame | 占满大部分画面 |
balanced by a quiet empty area | 以安静的空白取得平衡 |
a spiral that pulls the eye inwards | 把视线引向内部的螺旋构图 | bold
a tall narrow scroll-like arrangement | 狭长卷轴般的构图 | bold
"""
MEDIUM = """
a natural photograph | 自然的摄影照片 | photo
a loose watercolour | 写意的水彩画 | drawn
an oil painting with visible brushwork | 笔触可见的油画 | drawn
a fine pencil drawing with light washes | 淡彩铅笔画 | drawn
a gouache storybook illustration | 水粉绘本插画 | drawn
an analogue film photograph | 胶片照片 | photo
a clean vector illustration | 干净的矢量插画 | drawn
an ink wash painting | 水墨画 | drawn
a soft 3D render | 柔和的三维渲染 |
a linocut print | 麻胶版画 | drawn bold
a scene of cut paper | 剪纸场景 | bold
a hand-stitched embroidery | 手工刺绣 | bold
a clay stop-motion still | 黏土定格动画画面 | bold
"""
MOOD = """
calm and unhurried | 平静从容的气氛 |
playful and light | 轻快俏皮的气氛 | bright
wistful and quiet | 带着淡淡惆怅的宁静 |
mysterious and hushed | 神秘静谧的气氛 | dark
fresh and hopeful | 清新而充满希望 | bright
grand and solemn | 宏大庄严的气氛 |
cosy and intimate | 温馨亲密的气氛 |
lively and full of movement | 热闹而充满动感 |
dreamy and weightless | 梦幻轻盈的气氛 |
dramatic and tense | 戏剧性的紧张气氛 | dark
wonderfully strange | 奇妙古怪的气氛 | bold
like a half-remembered legend | 像一个依稀记得的传说 | bold
"""
TIME = """
in the early morning | 清晨时分 | day low
in the late afternoon | 傍晚之前的午后 | day low
at blue dusk | 蓝调黄昏 | night
at sunrise | 日出时分 | day outdoor low
at high noon | 正午时分 | day bright noon
late at night | 深夜时分 | night
at sunset | 日落时分 | day outdoor low
just after rain | 雨后初晴 | outdoor day
during an eclipse | 日食之时 | bold outdoor dark
under a sky of two moons | 双月悬空之时 | bold night outdoor
"""
SEASON = """
in early spring | 初春时节 | outdoor
in full summer | 盛夏时节 | outdoor summer
in golden autumn | 金秋时节 | outdoor
in the first snow of winter | 冬日初雪 | outdoor winter
in cherry blossom season | 樱花盛开的时节 | outdoor
in the rainy season | 雨季 | outdoor
on a frosty winter day | 霜冻的冬日 | outdoor winter day
in a season of drifting glowing seeds | 发光种子漫天飘飞的季节 | bold outdoor
"""
ACTION = """
resting quietly | 静静地休息 | animate
turning to look back | 回头张望 | animate
in mid-leap | 跃在半空 | animate
walking into the wind | 迎风而行 | animate
looking out into the distance | 眺望远方 | animate
stretching after a nap | 小憩后伸着懒腰 | animate
caught in a moment of surprise | 惊讶的一瞬间 | animate
playing with a drifting leaf | 逗弄飘落的叶子 | animate
dancing on its own shadow | 踩着自己的影子起舞 | animate bold
balancing on a thin line of light | 在一线光上保持平衡 | animate bold
"""

# In the order in which they are said; (rows, how readily the facet is chosen).
FACETS: dict[str, tuple[str, float]] = {
    "subject": (SUBJECT, 9.0),
    "action": (ACTION, 0.75),
    "setting": (SETTING, 1.3),
    "time": (TIME, 0.8),
    "season": (SEASON, 0.55),
    "light": (LIGHT, 1.2),
    "mood": (MOOD, 0.9),
    "palette": (PALETTE, 0.85),
    "viewpoint": (VIEWPOINT, 1.0),
    "composition": (COMPOSITION, 0.8),
    "medium": (MEDIUM, 0.9),
}
CONFLICTS = frozenset(
    frozenset(pair.split("-"))
    for pair in (
        "night-day",
        "night-bright",
        "dark-bright",
        "indoor-outdoor",
        "winter-summer",
        "photo-drawn",
        "indoor-water",
        "elsewhere-outdoor",
        "elsewhere-indoor",
        "elsewhere-day",
        "noon-low",
        "noon-overcast",
        "low-overcast",
    )
)
# Words by which a wish says something of a facet itself.
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
        r"\b\w{2,}ing\b|\b(?:sits|stands|runs|jumps|plays|holds|eats|drinks|sleeps|asleep|"
        r"dances|flies|"
        r"reads|walks|rides|looks|swims|lies|wears|portrait|logo|icon)\b|"
        r"[坐站跑跳玩拿吃喝睡舞飞读走骑看游躺穿戴抱放弹唱追]|正在|着"
    ),
}
# What a prompt says of the whole scene. Facet values with a conflicting tag are not used.
TAG_CUES: dict[str, str] = {
    "night": (
        r"\b(?:night\w*|midnight|moon\w*|stars|starry|dusk|evening|nocturnal)\b|"
        r"夜|晚上|月|星空|黄昏"
    ),
    "day": (
        r"\b(?:day\w*|morning|noon|sunny|sun|sunshine|sunrise|afternoon|sunlit)\b|"
        r"白天|早|正午|阳光|太阳|日出|下午"
    ),
    "dark": r"\b(?:dark|gloomy|spooky|eerie|sad|mysterious|shadowy)\b|黑暗|昏暗|恐怖|神秘|悲伤",
    "bright": r"\b(?:bright|cheerful|happy|joyful|sunny|playful)\b|明亮|欢快|快乐|开心",
    "indoor": (
        r"\b(?:indoors?|room|kitchen|bedroom|studio|interior|inside|table|desk|sofa|bed|museum|"
        r"library|cafe|office|window)\b|室内|房间|厨房|卧室|客厅|桌|沙发|床|咖啡馆"
    ),
    "outdoor": (
        r"\b(?:outdoors?|sea|beach|ocean|forest|mountains?|field|meadow|grass|street|city|"
        r"desert|sky|"
        r"garden|park|river|lake|boat|ship|car|cars|house|tree|castle|mountain|waterfall|bridge)\b|"
        r"海|森林|山|草|街|城市|沙漠|天空|花园|公园|河|湖|船|汽车|房子|树|城堡|桥"
    ),
    "winter": r"\b(?:winter|snow\w*|ice|icy|frost\w*|christmas)\b|冬|雪|冰|圣诞",
    "summer": r"\b(?:summer|beach|tropical)\b|夏|沙滩|热带",
    "photo": r"\b(?:photo\w*|dslr|film|\d+mm)\b|照片|摄影",
    "drawn": (
        r"\b(?:painting|drawing|illustration|sketch|watercolou?r|anime|cartoon|comic)\b|"
        r"画|动漫|卡通"
    ),
}
