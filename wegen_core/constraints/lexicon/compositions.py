"""Words of sentences about several images, by what they do in them.

`WORDS` maps a code to English and Chinese words; "_" stands for a space. English verbs (`VERBS`)
are listed in their base form and also match in their -s, -ed and -ing forms.
"""

from __future__ import annotations

from .requests import any_of

VERBS: dict[str, str] = {
    "new": "draw create generate design imagine illustrate produce sketch compose craft",
    "replace": "replace swap exchange substitute trade switch faceswap",
    "give": (
        "give dress equip outfit clothe furnish decorate fill cover grant lend wrap provide adorn"
    ),
    "put": (
        "put place add insert move drop composite transplant bring attach hang overlay plant "
        "stick seat include drape mount project print display embed photoshop pop throw "
        "superimpose slot set lay fit sub stage pin nestle park transport relocate sneak tuck "
        "install stamp engrave emboss ink tattoo integrate incorporate introduce show paste "
        "glue stack drag shift send hand position carve embroider splice graft slap tie pour "
        "serve screen-print frame_up wallpaper tile"
    ),
    "take": "take grab cut extract borrow steal copy lift pick pull crop clip isolate",
    "use": "use utilize employ adopt apply transfer base",
    "match": "match color-match colour-match suit harmonize harmonise align sync mirror",
    "like": "resemble imitate mimic follow echo emulate",
    "wear": (
        "wear hold carry ride drive play sport don own read drink eat grip clutch wield raise "
        "brandish"
    ),
    "stand": (
        "sit stand lie lean walk run swim fly perch sleep rest live appear relax wander float "
        "hover kneel crouch climb jump land swing stay go belong lounge nap stroll gaze peek "
        "emerge sail dance look_out"
    ),
    "meet": (
        "hug kiss meet fight shake chase talk chat feed watch combine merge mix fuse join "
        "stitch blend battle cuddle play_with"
    ),
    "keep": "keep preserve retain maintain leave remain",
    "let": "let make see want need",
    "edit": (
        "turn edit reframe recompose rebuild render redraw repaint recolor recolour restyle "
        "stylize stylise relight update adjust convert transform modify alter rework redo "
        "recreate remake reimagine paint color colour grade tint colorize colourise change "
        "tweak retouch fix repair improve upgrade style replicate reproduce light pose arrange "
        "rearrange tone shade age warm cool reupholster upholster ink_up"
    ),
    "remove": "remove delete erase get_rid_of",
}
WORDS: dict[str, tuple[str, str]] = {
    "new": (
        "",
        "生成 创作 绘制 设计 来一张 来张 来一幅 做一张 做张 做一个 做个 出一张 出张 画一张 "
        "画张 画一个 画个 画一幅 想要一张 要一张 做一套 画一 画只 画幅 做成一",
    ),
    "replace": ("", "替换掉 替换 换掉 互换 交换 对调 调换 更换 代替 取代"),
    "becomes": (
        "become becomes",
        "替换成 替换为 更换为 更换成 换成 换为 改成 改为 变成 变为 换上 换做 改用 换用 转换成 "
        "转换为 转成 转为 画成 做成 弄成 调成 调整成 调整为 渲染成 重绘成 重绘为 刷成 换 变 "
        "化成 处理成",
    ),
    "give": ("", "给"),
    "put": (
        "edit_in blend_in line_up swap_in",
        "放入 放置 放 加入 加上 加 添加 添 插入 插 贴 移 停 合 融入 融 搬 摆放 摆 挂 套 迁移 "
        "迁 印 嵌入 嵌 投影 投 绣 装 搭 置 安装 铺 粘 叠加 叠 塞 P p 展示 显示 刻 盖 送 安 种 "
        "转移 围",
    ),
    "take": ("", "拿来 取 抠出 抠 提取 借用 借 截取 选取 复制 剪 拿 挑"),
    "use": ("go_with", "采用 使用 利用 套用 沿用 运用 应用 用"),
    "with": ("with by via featuring containing including", "配上 搭配 配"),
    "same": ("same identical", "一样 相同 同样 同款 一致 统一 一模一样 同一个"),
    "match": ("fits", "匹配 贴合 接近 靠拢 靠近 贴近 往 向 靠"),
    "like": (
        "same_way_as look_like looks_like looking_like feel_like feels_like look_as_if looks_as_if "
        "look_as_though like as_in as_if as_though similar_to inspired_by based_on "
        "in_keeping_with à_la a_la the_way modelled_on modeled_on after consistent_with "
        "according_to in_line_with just_as in_the_manner_of reminiscent_of close_to closer_to",
        "像 仿照 模仿 参照 参考 按照 按着 按 照着 照 跟着 学着 学 依照 根据 基于 类似 那样 "
        "那种 那般 如同 对照 比照 仿 依",
    ),
    "wear": (
        "worn walk_with",
        "穿着 穿上 穿 戴着 戴上 戴 拿着 拿上 抱着 抱 骑着 骑上 骑 牵着 牵 举着 捧着 握着 开着 "
        "撑着 背着 背上 提着 披着 披上 系着 系上 围上 拥有 手持 换装 佩戴 拎着 叼着 端着 背 拎",
    ),
    "stand": (
        "lying goes",
        "坐 站 躺 趴 走 跑 飞 睡 游 跳 蹲 出现 停留 停靠 漂 落 卧 立 散步 漫步 开过",
    ),
    "meet": (
        "together next_to_each_other side_by_side holding_hands shake_hands shaking_hands",
        "一起 合影 同框 拥抱 融合 合成 合并 拼 握手 手拉手 牵手 合照 聊天 打架 对战 组合 结合 "
        "混合 合在一起 追",
    ),
    "keep": (
        "unchanged untouched as_is intact",
        "保持 保留 不变 不要动 别动 不动 不要变 不要改 别改 维持 不改",
    ),
    "have": ("have having has", ""),
    "get": ("get gets getting got receive receives gain gains", "得到 获得"),
    "fault": (
        "too dull boring bland ugly wrong broken blurry messy cluttered missing lacks "
        "overexposed underexposed a_mess flat blinked cut_off there instead lack",
        "太 有点 缺 没有 不够 过于 不好 难看 不行",
    ),
    "adverb": ("", "了 来 也 都 还 再 又 就 去 过 很 请 一下"),
    "let": ("would_like i'd_like i'd_love", "让 使 想要 想让 想看 想"),
    "modal": (
        "should must shall will would can could might needs_to wants_to has_to ought_to to_be "
        "is_to needs wants",
        "要 应该 应 需要 可以 能",
    ),
    "edit": (
        "",
        "重新画 重新绘制 重新渲染 重新设计 重新打光 重画 重绘 重做 重新 处理 修改 渲染 上色 "
        "打光 调整 调色 改造 改 调 画 修 修复 美化 转换 变换 排 表现 涂 刷 打造",
    ),
    "remove": ("", "去掉 删掉 删除 移除 去除 不要了"),
    "ref": (
        "reference references ref guide template inspiration example basis model",
        "参考图 样板 模板 范本 示例",
    ),
    "as": ("as", "作为 当作 当成 用作 用来做 当 作 做 充当 成为"),
    "is": ("is are was were be being = :", "是 为 ："),
    "everything": (
        "everything all_else the_rest otherwise",
        "其他 其余 别的 剩下 其它 整体 整个 全部",
    ),
    "one": ("one that ones those what", "那件 那个 那款 那张 那只 这款 那条"),
    "it": ("it them him her they he she", "它们 他们 她们 它 他 她"),
    "me": ("i me us my_face i'm myself we", "我们 我 本人"),
    "position": (
        "front top bottom back left right middle center centre side corner edge half place "
        "spot upper lower",
        "左边 右边 左侧 右侧 顶部 底部 中央 正中 左上角 右上角 左下角 右下角 角落 位置 左下方 "
        "右下方",
    ),
    "next": ("next_to beside alongside near adjacent_to", "旁边 旁 身边 边上 边"),
    "front": ("in_front_of against", "前面 面前 前"),
    "behind": ("behind", "后面 背后 身后 后"),
    "into": ("into onto", "到 进 入 至 于"),
    "in": ("in inside within at around throughout among between", "里面 中间 里 中 内 在"),
    "on": (
        "on upon on_top_of over under underneath beneath below above across through atop "
        "beyond along",
        "上面 上方 下面 下方 身上 头上 手上 手里 脸上 上 下 表面",
    ),
    "to": ("to towards toward", ""),
    "for": ("for in_place_of instead_of", ""),
    "from": ("from out_of off", "来自 取自 源自 从"),
    "of": ("of", ""),
    "and": ("and plus &", "和 与 跟 以及 及 还有 并 同"),
    "ba": ("", "把 将"),
    "not": ("not but without except only", "不 别 但 只"),
    "then": ("then where so while which who", "然后 再 接着"),
    "de": ("'s ’s", "的"),
    "the": (
        "the a an this these his my its their our your both all some",
        "这个 这 那 一个 一张",
    ),
    "comma": (", ( ) —", "， （ ）"),
}
# Chinese nouns that hold the sign of a verb or place.
NOUNS_ZH = """
游乐园 游乐场
照片 人像 肖像 雕像 头像 偶像 佛像 影像 合照 一下子 去年 过道 过年 来宾 了解 太阳 太空 太太 太极
都市 首都 成都 还是 剧照 图片 按钮 站点 同时 插画 油画 漫画 版画 国画 壁画 字画 画框 画面 画布
挂画 挂件 挂饰 飞机 飞船 飞鸟 跑车 跑鞋 车站 站台 坐垫 坐骑 睡衣 睡袋 泳池 走廊 贴纸 插花 插座
挂钟 停车场 印章 印花 包装盒 包装 服装 西装 套装 装饰品 装饰 着装 穿搭 外套 手套 戒指 投影仪 刺绣
绣花 店铺 种类 上衣 下巴 前景 头发 书画 画作 名画 水墨画 水彩画 站牌 立柱 卧室 靠垫 靠枕 抱枕 背包
背心 背景板 手提包 提包 开关 变形金刚 调料 叠纸 盖子 瓶盖 安全帽 种子 铺面 套房 用品 取景框 剪纸
剪刀 拿铁 为人 画家 画像 画笔 吊灯 台灯 中年 中国 内衣 在线 下午茶 上班 马上 同学 同事 作品 作者
作家 做工 当铺 和服 和尚 要求 装修 靠背 立体 一下 上空 城里 家里 里程 边框 路边 湖边 海边 窗边
床边 岸边 背影 变色龙 游泳池 游客 走道 跳台 跑步机
"""
# English nouns that are verbs elsewhere.
NOUN_LIKE = frozenset(
    """
    back base battle clothing copy cover cut design display drawing dress drink drive drop example
    fight float fly frame front hand ink insert landing light lights match mirror model mount
    outfit paint painting park paste place plant play pose print project seat set side sketch
    sleep sport stack stage stamp stand stick swim swing talk tattoo walk watch wrap
    """.split()
)
# Places, beside `requests.PLACES`.
MORE_PLACES = any_of(
    """
    canyon alley avenue road highway racetrack arena hall hallway corridor ballroom chapel
    cathedral temple tavern pub diner bakery shop store mall supermarket hotel lobby terrace
    balcony patio courtyard yard lawn meadow vineyard orchard greenhouse barn workshop garage
    warehouse factory gallery theater theatre cinema concert classroom school hospital ward lab
    airport runway harbor pier dock quay shore coast coastline cliff hill hillside peak summit
    slope glacier volcano dunes oasis swamp marsh woods woodland grove jungle rainforest prairie
    plain plains countryside playground pitch court ring bazaar skyline cityscape downtown suburb
    apartment loft attic basement bathroom bedroom dining_room living_room nursery showroom
    fairground carnival
    """,
    """
    街 巷 路口 公路 马路 大厅 走廊 礼堂 教堂 寺庙 酒馆 酒吧 餐厅 饭店 商场 超市 酒店 大堂 露台
    阳台 院子 庭院 草坪 果园 温室 车间 车库 仓库 工厂 美术馆 剧院 电影院 演唱会 学校 医院 实验室
    机场 港口 码头 海岸 悬崖 山坡 山谷 峡谷 冰川 火山 沙丘 沼泽 丛林 雨林 田野 操场 球场 市集 夜市
    天际线 市中心 公寓 卧室 浴室 书房 展厅 游乐场 庄园 宫殿 古镇 小镇 胡同 茶室
    """,
)
# Who lives, and what is worn, beside the nouns of `nouns` and `english`.
LIVING = any_of(
    """
    people guy dude lady gentleman couple bride groom kid kids twin twins toddler teenager boss
    coach player players singer drummer guitarist musician actor actress model hero heroine
    villain character characters mascot monster creature ghost alien zombie fairy mermaid elf
    dwarf orc goblin detective spy agent vampire superhero clown waiter barista athlete skater
    boxer wrestler rider hiker hunter farmer fisherman nurse officer guard princess prince grandpa
    grandma grandfather grandmother mom mum dad mother father sister brother son daughter wife
    husband friend friends uncle aunt baby babies children men women boys girls squirrel deer
    giraffe zebra camel parrot eagle hawk rooster chicken hamster hedgehog lizard crocodile
    octopus crab llama otter raccoon koala kangaroo gorilla puppies kittens doggo figure me us
    """,
    """
    人 人物 男 女 男的 女的 男生 女生 男孩 女孩 孩子 小孩 宝宝 娃 爷爷 奶奶 爸爸 妈妈 爸 妈 哥哥
    姐姐 弟弟 妹妹 儿子 女儿 老公 老婆 老师 医生 护士 模特 角色 主角 明星 歌手 鼓手 舞者 骑士 武士
    士兵 国王 女王 公主 王子 新郎 新娘 帅哥 美女 老人 大爷 大妈 朋友 猫 狗 兔 兔子 鸟 马 牛 羊 猪
    鸡 鸭 鹅 熊 虎 狮子 猴 狼 狐狸 鹿 象 鱼 龙 松鼠 刺猬 熊猫
    """,
)
WORN = any_of(
    """
    garment outfit outfits costume clothes clothing jacket blouse cardigan gown pants trousers
    shorts socks sneakers boots heels sandals sunglasses cap helmet crown tiara beret belt gloves
    earrings bracelet watch veil wig hairstyle haircut hairdo hair beard mustache moustache makeup
    tattoo handbag purse armor saree tuxedo bandana collar necklace ring scarf ribbon bow_tie
    leggings tights
    """,
    """
    衣服 衣 裙 裙子 裤 裤子 衫 外套 大衣 毛衣 西装 汉服 旗袍 礼服 帽 帽子 鞋 鞋子 靴 靴子 袜 眼镜
    墨镜 项链 耳环 耳钉 戒指 手表 手镯 围巾 丝巾 领带 手套 皇冠 头盔 发型 头发 胡子 妆 妆容 假发
    面具 披风 纹身 美甲
    """,
)
