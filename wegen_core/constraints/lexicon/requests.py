"""Words of requests, as data: verbs that draw, change or ask; what a change can touch.

Each constant is the inside of a regular expression. English alternatives are whole words, Chinese
ones are found anywhere.
"""

from __future__ import annotations

import re


def any_of(english: str, chinese: str = "", *, inflected: bool = False) -> str:
    """The words of both lists as one pattern; "_" stands for a space inside an English entry.

    inflected: also the -s, -ed and -ing forms.
    """
    words = [word.replace("_", " ") for word in english.split()]
    if inflected:
        words = [_inflected(word) for word in words]
    ordered = "|".join(sorted(words, key=lambda word: (-len(word), word)))
    latin = rf"(?<![a-z])(?:{ordered})(?![a-z])" if words else ""
    han = "|".join(sorted(map(re.escape, chinese.split()), key=lambda word: (-len(word), word)))
    return "|".join(filter(None, (latin, han)))


def _inflected(verb: str) -> str:
    head, space, tail = verb.partition(" ")
    stem = head.removesuffix("e")
    doubled = f"{head[-1]}?" if head[-2] in "aeiou" and head[-1] in "bdgmnprt" else ""
    return rf"(?:{head}s?|{stem}{doubled}(?:ed|ing)){space}{tail}"


# What comes before the request proper.
FILLER = any_of(
    """
    hi hello hey ok okay alright right great nice cool perfect lovely awesome wow thanks thank_you
    cheers hmm hm um well so now next then and also but oh no nope yes yeah sorry wait actually
    please pls maybe perhaps just good_job well_done love_it looks_good still first finally lastly
    forget_that forget_it scrap_that btw hang_on
    never_mind nevermind much_better better not_bad almost again
    """,
    """
    你好 您好 嗨 好的 不错 很好 太好了 好 嗯 谢谢 哇 现在 然后 接着 另外 再 请 麻烦你 麻烦 那么 那
    对了 哦 啊 接下来 最后 首先 还有 顺便 不对 不是
    """,
)
POLITE = any_of(
    """
    can_you can_u could_you would_you will_you can_we could_we shall_we let's lets let_us
    i'd_like_you_to i_would_like_you_to i_want_you_to i_need_you_to i'd_love_for_you_to
    i'd_like_to i_would_like_to i_want_to i_need_to i'd_love_to i_wanna i'd_rather
    can_someone could_someone would_someone can_somebody could_somebody can_anyone could_anyone
    can_anybody could_anybody someone_please any_chance_you_could any_way_to is_anyone_able_to
    would_it_be_possible_to is_it_possible_to is_there_a_way_to is_there_any_way_to
    are_you_able_to would_you_mind do_you_mind mind how_about what_about what_if why_not
    why_don't_you why_don't_we you_should we_should you_could we_could try go_ahead_and help_me
    help_me_to i_think_you_should i_think_we_should what_i_want_is_to kindly please just maybe
    what_would_it_look_like how_would_it_look what_would_this_look_like how_would_this_look
    what_would_she_look_like what_would_he_look_like i_wonder_how_it_would_look how_would_it_be
    let_me_see_it show_it_to_me imagine_it also now then to i'd_prefer_you_to
    i'd_appreciate_it_if_you_could i_wonder_if_you_could do_me_a_favor_and do_me_a_favour_and
    you_can see_if_you_can
    """,
    """
    有没有大神能 有没有大神 有没有人能 有大神 谁能 哪位大神 哪位能 求大神 求大佬 大神 大佬
    跪求 拜托 劳烦
    可不可以 可以 能不能 能否 能 是否可以 请问 请 帮我 帮忙 麻烦你 麻烦 我想让你 我希望你 我想要
    我想 我要 我希望 希望 给我 再 要不 不如 试试 试着 直接 顺便 最好
    """,
)
# Verbs that change an image that is there.
EDIT = any_of(
    """
    make change turn recolor recolour color colour paint repaint dye tint replace swap exchange
    substitute remove delete erase add insert put place position set move shift rotate flip mirror
    crop trim cut straighten resize scale enlarge shrink extend expand outpaint zoom brighten
    darken lighten dim blur sharpen soften smooth saturate desaturate colorize colourise colourize
    restore retouch enhance improve fix repair clean upscale denoise convert transform stylize
    stylise restyle style render redo rework rewrite translate_it edit modify adjust color_grade
    colour_grade alter tweak update increase decrease reduce raise lower boost tone give let have
    dress wear combine merge blend mix compose composite collage join use apply transfer take copy
    paste match fill cover hide show_it show_the show_him show_her show_them show_this
    show_everything keep leave preserve get_rid_of take_out take_away take_off switch relight
    light undress fade drop lose bring attach hang write center centre align decorate surround
    wrap close open lift tilt bend relocate reposition isolate thin age warm cool strip sit stand
    lay
    """,
    inflected=True,
)
# Of these, those that are as often a noun.
NOUN_LIKE = (
    "cut|set|colou?r|colou?rs|paint|light|lights|dress|lighting|painting|clothing|setting|tone|"
    "tones|warm|cool|cover|open|close|style|frame|crop|cast|show|place|position|match|fill|pose"
)
EDIT_ZH = any_of(
    "",
    """
    把 将 让 给 使 去掉 去除 删掉 删除 删去 移除 移走 移到 移动 擦掉 擦除 抹掉 拿掉 拿走 抠掉 抠出
    添加 写上 加上 加入 加个 加一 加点 加些 增加 增强 减少 减弱 降低 提高 提升 替换 换成 换掉 换一
    换个 换上 改成 改为 改一 改写 变成 变为 调成 调整 调亮 提亮 调暗 调高 调低 放大 缩小 放到 放在
    裁 旋转 翻转 转成 转换 转为 保持 保留 不要动 不要改 别动 别改 合成 合并 融合 结合 拼 修复 修一
    美化 模糊 虚化 锐化 上色 涂成 染成 穿上 戴上 换装 用图 参考图 按照图 借用 应用 迁移 做成 弄成
    画成 变 加 换 改 去 删 补
    """,
)
# Verbs that ask for a new image where their object is not one that is there.
DRAW = any_of(
    """
    draw paint sketch create generate design imagine illustrate render photograph visualize
    visualise produce depict compose make show_me give_me get_me do i_want i'd_like i_would_like
    i_need i'd_love i'm_looking_for we_need can_i_have can_i_get could_i_have may_i_have
    let_me_see i_want_to_see i'd_like_to_see
    """,
    """
    画 生成 创作 绘制 设计 来一 来张 来个 来幅 做一 做张 做个 想象 想要一 要一 想看
    """,
)
ANSWER = any_of(
    """
    describe explain tell tell_me tell_us say list count compare identify name caption summarize
    summarise read recommend suggest analyze analyse guess estimate rate critique review
    let_me_know give_me_feedback see_what see_any remind_me answer define
    """,
    """
    描述 解释 说说 说一下 告诉我 讲讲 介绍 数一数 数数 数一下 数下 分析 评价 识别 看看图里 看看这
    推荐 建议 点评 猜
    """,
)
QUESTION = any_of(
    """
    what what's whats which who who's whose whom where where's when why how how's is are was were
    am does did has had should could would can will isn't aren't don't_you doesn't do_you do_we
    do_they do_i do_these do_those do_people have_you have_we have_they have_i anything any
    """,
)
QUESTION_ZH = (
    "什么|哪|谁|几[个只张条位辆棵朵种点人]|多少|怎么(?!把)|怎样|为什么|为何|是不是|有没有|是否|"
    "吗[？?。!！]*$|呢[？?]*$|吗$|如何"
)
SMALL_TALK = any_of(
    """
    hi hello hey there good morning afternoon evening thanks thank you very much a lot so many
    great nice cool perfect lovely awesome wow beautiful amazing excellent wonderful brilliant
    fantastic job work well done love it this that i like is looks look really ok okay yes yeah no
    nope sure fine bye goodbye see later how are doing what's up haha lol cheers exactly what had
    in mind needed imagined hoped expected wanted the result result's result, one pretty super
    just that's it's turned out came stunning gorgeous incredible
    today tomorrow tonight thats everything all for now your help helpful
    appreciate
    """,
)
SMALL_TALK_ZH = (
    "可爱|惊艳|绝了|赞|你好|您好|嗨|早上好|晚上好|谢谢|多谢|感谢|太|真|很|好看|漂亮|美|棒|不错|喜欢|完美|厉害|再见|拜拜|"
    "我|你|这|张|个|图|了|的|啊|呀|哦|吧|好|非常|就|是|要|样|辛苦|哈"
)
# Fragments that only make sense of an image that is there.
FRAGMENT = any_of(
    """
    from in on under over by near inside outside through into against like during more less fewer
    one_more two_more some_more a_few_more
    too without with_more with_less bigger smaller larger brighter darker lighter warmer cooler
    colder softer sharper bolder closer wider taller shorter thinner thicker younger older happier
    sadder bluer redder greener higher lower further slightly much_more a_bit a_little a_lot_more
    a_tad not_so not_that instead same the_same no_more now except only at in_winter in_summer
    in_spring in_autumn in_black in_colour in_color as_a as_an with_a with_the with but the this
    that it his her their its these those everything everyone all both don't do_not never
    black_and_white another_angle
    """,
    """
    更 再亮 再暗 再大 再小 太 不要 别 少 多 只 稍 有点 换 这 它 他 她 整 其他 色调 背景
    """,
)
INDEFINITE = (
    r"(?:a|an|another|some|something|someone|somebody|anything|one|two|three|four|five|several|"
    r"many|any|new|\d+|me (?:a|an|some|another|something|one|two|three)|us (?:a|an|some))\b"
)
VERSION = any_of(
    """
    version close-up closeup variation variant second_one third_one take_on crop of_it of_him
    of_her of_this of_these of_the_same from_this from_it out_of_this out_of_it based_on_this
    with_this with_these of_them using_this using_these these_two this_photo this_picture
    this_image these_pictures these_photos instead the_first_one the_other_one next_to_it
    next_to_him next_to_her beside_it behind_it on_it above_it under_it next_to_them
    """,
    """
    这张 这幅 这个 这只 这位 图里 图中 原图 它 上图 照片里 这种 这些 旁边再 改画
    """,
)
# The image as a whole.
IMAGE = any_of(
    """
    portrait selfie everything things all_of_it all_of_this whole_thing whole entire image
    picture photo photograph pic scene shot frame painting drawing artwork canvas
    illustration render thing
    """,
    """
    手绘 草图 线稿 图片 照片 画面 图像 整张 整幅 整个 整体 全图 全部 这张 这幅 图 画 场景 原图
    """,
)
BACKGROUND = any_of(
    """
    background backgrounds backdrop backdrops surroundings setting scenery surrounding location
    environment
    """,
    """
    背景 白底 黑底 底色 纯色底 周围环境 环境 身后的景 后景 场景
    """,
)
BEHIND = r"(?<!from )\bbehind\b(?! the wheel)|身后|背后|后面|后方"
# What belongs to the image as a whole: style, light, weather, season, time, mood, framing.
ATMOSPHERE = any_of(
    """
    style drama look aesthetic vibe vibes feel feeling mood atmosphere ambience ambiance tone
    tones light lighting lights_and_shadows exposure contrast brightness saturation vibrance
    sharpness resolution quality hue temperature colour_temperature color_temperature
    white_balance colour_scheme color_scheme palette colour_palette color_palette colours colors
    colour_grading color_grading grading grain film_grain noise filter vignette weather season
    time_of_day time fog mist haze snow snowfall rain rainfall storm sunlight sunshine moonlight
    sun_rays golden_hour blue_hour sunset sunrise dusk dawn twilight daylight night nighttime
    perspective angle camera_angle viewpoint framing aspect_ratio format medium theme genre era
    bokeh depth_of_field highlights shadows effect horizon
    """,
    """
    风格 画风 色调 色彩 颜色 配色 光线 光照 光影 灯光 光 亮度 对比度 饱和度 清晰度 曝光 锐度 质感
    氛围 气氛 意境 情绪 感觉 白平衡
    天气 季节 时间 时段 雾 雾气 雪 大雪 雨 阳光 月光 夕阳 黄昏 日落 日出
    夜晚 夜景 构图 视野 视角 角度 机位 比例 画质 滤镜 效果 噪点 颗粒 暗角 分辨率
    """,
)
# States of a whole image: said of a thing, they are that thing's.
GLOBAL_STATE = any_of(
    """
    coloring_book colouring_book book_page comic_page page stamp sticker icon tarot_card
    album_cover magazine_cover blueprint mosaic tapestry embroidery engraving etching fresco mural
    lithograph collage diorama claymation lego origami drama close-up closeup year century decade
    night nighttime daytime day morning noon afternoon evening dusk dawn twilight midnight sunset
    sunrise golden_hour blue_hour winter summer spring autumn fall christmas halloween winter's
    snowy snowing rainy raining foggy misty hazy sunny cloudy stormy windy overcast wintry
    autumnal summery moonlit sunlit backlit spooky scary eerie creepy gloomy moody dramatic cozy
    cosy cheerful happier sadder romantic dreamy mysterious magical festive melancholic nostalgic
    peaceful calm warm warmer cool cooler cold colder bright brighter dark darker lighter sharper
    softer blurry crisper vivid vibrant colorful colourful pastel monochrome grayscale greyscale
    sepia black_and_white black-and-white realistic photorealistic cinematic closer wider further
    vintage retro painting drawing sketch cartoon comic anime watercolour watercolor oil poster
    postcard futuristic medieval gothic noir wide_angle widescreen square portrait_format
    landscape_format vertical horizontal upside_down darkness lit contrast saturated muted moodier
    dreamier cosier cozier winterly higher_contrast 4k hd high_resolution professional painted
    illustrated animated cubist impressionist surreal minimalist abstract rain snow fog storm
    style season 1920s 1950s 1970s 1980s 1990s 80s 90s 70s 50s old-fashioned
    """,
    """
    的样子 填色 贴纸 邮票 封面 镜头拉 镜头推 拉远 拉近 夜晚 晚上 夜景 白天 早晨 清晨 中午 傍晚
    黄昏 日落 日出 夕阳 冬天 冬季 夏天 夏季 春天 春季 秋天 秋季 下雪 下雨 雨天 雪天 雪景 晴天 阴天
    雾天 暖色 冷色 暖一 冷一 温暖 暖 亮 明亮 暗 昏暗 阴森 恐怖 浪漫 梦幻 神秘 欢快 喜庆 温馨 忧郁
    黑白 彩色 复古 电影感 写实 风 油画 水彩 水墨 素描 漫画 动漫 卡通 像素
    真实 逼真 手绘 插画 版画 浮世绘
    竖版 横版 竖屏 横屏 方形 清晰 高清 鲜艳 柔和 圣诞 节日 年代 夜里 深夜 雨夜
    """,
)
REMOVE = any_of(
    """
    remove delete erase get_rid_of take_out take_away hide lose drop no_more without crop_out
    cut_out edit_out photoshop_out
    """,
    """
    去掉 去除 删 移除 擦 抹掉 拿掉
    """,
    inflected=True,
)
GLOBAL_VERB = any_of(
    """
    brighten darken lighten sharpen soften saturate desaturate colorize colourise colourize crop
    rotate flip mirror straighten underexpose overexpose
    color_grade colour_grade upscale resize extend expand outpaint
    zoom enhance denoise restyle stylize stylise relight retouch improve blur dim tone
    """,
    """
    裁 旋转 翻转 锐化 调亮 调暗 提亮 上色 放大 缩小 美化 增强 修复
    """,
    inflected=True,
)
PLACES = any_of(
    """
    beach forest desert mountain mountains city street jungle sea ocean lake river space moon mars
    park garden field meadow snow studio office kitchen room bedroom library cafe restaurant
    castle paris tokyo london venice rome egypt york underwater island farm village town
    countryside sky clouds stage station market museum church temple bar club stadium gym pool
    waterfall cave valley sunflowers sunset wall bridge harbour harbor savanna savannah arctic
    antarctica classroom laboratory spaceship planet rooftop alley square landscape
    """,
    """
    海边 沙滩 海滩 森林 树林 沙漠 雪山 山上 山顶 城市 街头 街道 太空 月球 火星 公园 花园 草地 草原
    雪地 办公室 厨房 房间 客厅 图书馆 咖啡馆 咖啡厅 城堡 巴黎 东京 海底 岛 农场 村 竹林 舞台 车站
    教室 影棚 摄影棚 花海 星空 云端 屋顶 湖边 河边
    """,
)
# What an image gives: role -> words for it, English and Chinese.
ROLES: dict[str, tuple[str, str]] = {
    "style": (
        "style styles look aesthetic art_style artstyle drawing_style painting_style visual_style "
        "brushwork brush_strokes brushstrokes technique rendering vibe mood atmosphere feel "
        "lighting light lights daylight sunlight shadows glow weather season "
        "texture textures material "
        "materials treatment filter medium manner fashion "
        "spirit font fonts typography lettering",
        "风格 画风 笔触 画法 质感 氛围 气氛 光线 光影 光照 光效 灯光 光感 光源 采光 "
        "纹理 材质 材料 感觉 样式 意境 字体 "
        "滤镜 调性 调子 天气 季节 艺术感 技法 表现手法 情调",
    ),
    "palette": (
        "colours colors colour color tint skin_tone hue shade "
        "colour_grade color_grade grading colour_palette color_palette palette colour_scheme "
        "color_scheme colouring coloring tones colour_grading color_grading grading hues tonality",
        "配色 色调 颜色 色彩 色板 调色 用色 色系 冷暖 肤色",
    ),
    "pose": (
        "pose poses posture stance body_position body_language gesture",
        "姿势 姿态 体式 招式 动作 站姿 坐姿 手势 体态 pose",
    ),
    "layout": (
        "layout composition arrangement framing furniture_arrangement perspective "
        "camera_angle angle structure viewpoint "
        "placement",
        "构图 布局 排版 摆法 陈设 版式 机位 视角 取景 结构",
    ),
    "background": (
        "background backdrop setting scene scenery surroundings environment location landscape",
        "背景 场景 环境 景色 风景 布景 窗外",
    ),
    "base": (
        "content contents base canvas base_image starting_point",
        "内容 底图 基础 画布 原图 主图",
    ),
    "subject": ("subject main_subject character", "主体 主角 人物 角色"),
}
# Of an image that gives only this, another image is drawn.
_ASPECTS = "|".join(any_of(en) for r, (en, _) in ROLES.items() if r not in ("base", "subject"))
LOOK_OF = (
    rf"(?:{_ASPECTS})"
    r"\s+(?:of|from|like|in|as)\s+(?:this|these|that)(?: \w+)?|like (?:this|these)(?: \w+)?"
    r"|[照按用像]?照?这(?:张|幅|个|种)(?:图|画|照片)?的?(?:风格|画风|配色|构图|姿势|样子)"
)
PLAIN_STYLE = frozenset("style styles look 风格 画风 样式".split())
"""Words for the role "style" that say nothing more."""
# Stems of verbs that put a thing somewhere, and of those that change what is there.
PUT = (
    "put|plac|add|insert|past|mov|transfer|drop|appl|composit|transplant|copy|copies|bring|attach|"
    "hang|overlay|plant|stick|sit|seat|stand|fit|includ|drap|lay|mount|project|print|wrap|show|"
    "display|embed|tr(?:y|ies)"
)
PUT_ZH = (
    "放|停|加|贴|移|换|替|合成|合到|融|搬|P到|戴|穿|应用|画到|坐|站|摆|挂|套|迁|印|嵌|投影|绣|装"
)
CHANGE = (
    "colou?r|mak|edit|chang|turn|redo|redraw|repaint|recolou?r|restyl|styli[sz]|render|convert|"
    "transform|"
    "brighten|darken|crop|sharpen|keep|rework|modify|let|hav|coloriz|colouris|relight|draw|paint|"
    "sketch|giv|adjust|fix|improv|enhanc|remov|replac|swap|show|eras|substitut|exchang|"
    "recreat|reproduc|remak|reimagin|delet|pos|suit|complement|arrang|rearrang|grad|tint|decorat|"
    "furnish|dress"
)
