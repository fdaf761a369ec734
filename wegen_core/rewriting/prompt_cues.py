"""What a prompt says of time, place, things and mood, as data: tags and their words."""

from __future__ import annotations

# Tag -> words of a prompt that give it this tag: English whole words ("*" stands for any ending),
# then Chinese words, which count anywhere.
CUES: dict[str, tuple[str, str]] = {
    # Light and time
    "night": (
        "night* northern_lights meteor* shooting_star* midnight moon* stars starry evening "
        "nocturnal neon cyberpunk fireworks campfire bonfire aurora nightclub fireflies disco "
        "lantern lanterns mid-autumn new_year's_eve",
        "流星 夜 晚上 月 星空 霓虹 烟花 烟火 极光 萤火虫 篝火 灯会 中秋 元宵 跨年",
    ),
    "dusk": ("dusk twilight", "黄昏 暮色"),
    "day": (
        "day bee bees butterfl* dragonfl* dandelion* daytime daylight morning noon midday sunny "
        "sun sunshine sunrise sunset afternoon sunlit picnic rainbow sunflower* breakfast "
        "playground",
        "白天 早 清晨 正午 阳光 太阳 日出 日落 下午 午后 野餐 彩虹 向日葵",
    ),
    "dark": (
        "dark darkness gloomy spooky eerie sad mysterious shadowy horror haunted ghost* zombie* "
        "skull* skeleton* vampire* demon* grim gothic noir funeral grave* graveyard ruins "
        "abandoned creepy scary cave crypt dungeon sinister apocalyp* postapocalyp* war "
        "battlefield",
        "黑暗 昏暗 恐怖 神秘 悲伤 鬼 僵尸 骷髅 吸血鬼 恶魔 葬礼 墓 废墟 哥特 战争 末日 洞穴",
    ),
    "bright": (
        "bright cheerful happy joyful sunny playful birthday party wedding festive cute kawaii "
        "kids children's toddler* candy balloon* carnival circus rainbow picnic summer spring",
        "明亮 欢快 快乐 开心 生日 婚礼 喜庆 可爱 儿童 气球 彩虹 马戏 野餐",
    ),
    "sun": ("sunny sunshine sunlit sunlight sunrise sunset", "阳光 晴 日出 日落 夕阳"),
    "overcast": ("overcast cloudy grey_sky gray_sky", "阴天 多云"),
    "clear": ("clear_sky blue_sky cloudless", "晴空 蓝天 晴朗"),
    # Weather and season
    "rain": (
        "rain* *storm* hail* drizzl* umbrella* thunder* downpour puddle* raincoat wet hurricane "
        "typhoon tornado",
        "雨 暴风 雷 伞 水洼 台风 龙卷风",
    ),
    "mist": ("mist* fog* haze hazy", "雾 霾"),
    "wind": ("wind* stormy gale breeze kite*", "风筝 大风 狂风"),
    "winter": (
        "winter* snow* sled* husky glacier* ice icy frost* frozen christmas arctic antarctic* "
        "igloo penguin* polar ski* santa blizzard glacier iceberg",
        "冬 雪 冰 霜 圣诞 北极 南极 企鹅 滑雪",
    ),
    "summer": (
        "summer* beach tropical palm sunbath* swimsuit bikini surf* hawaii* sunflower*",
        "夏 沙滩 热带 椰 泳装 冲浪 向日葵",
    ),
    "autumn": ("autumn* fall_leaves pumpkin* halloween harvest maple", "秋 南瓜 万圣 枫"),
    "spring": ("spring springtime blossom* easter tulip* sakura", "春 樱花 桃花 郁金香"),
    # Places
    "indoor": (
        "indoor indoors subway greenhouse room kitchen bedroom bathroom studio interior inside "
        "museum library cafe office window sofa couch bed desk classroom corridor hallway gym "
        "church_interior bar pub restaurant shop workshop bookshop bakery laboratory lab "
        "aquarium cockpit elevator basement attic theatre theater stage ballroom casino arcade "
        "hospital fireplace table chessboard piano bathtub boxer* bartender* barista* chef* "
        "surgeon* librarian* blacksmith* barber* dough baking ballet",
        "室内 温室 房间 厨房 卧室 客厅 浴室 桌 沙发 床 咖啡馆 图书馆 博物馆 教室 办公室 店 餐馆 "
        "剧院 舞台 实验室 工作室 书房 走廊 壁炉 钢琴 拳击手 厨师 咖啡师 理发师 铁匠",
    ),
    "outdoor": (
        "outdoor outdoors sled* husky ski* igloo tractor* surf* skateboard* stadium volcano* "
        "rooftop* roof sea beach ocean forest mountain* field meadow grass street city desert "
        "sky garden park river lake waterfall bridge road valley hill* cliff jungle island "
        "village harbour harbor countryside farm savanna* swamp canyon landscape cityscape "
        "skyline beekeeper* farmer* shepherd* fisherman fishermen cyclist* hiker* mailbox*",
        "屋顶 海边 沙滩 海滩 大海 森林 山 草地 草原 街 城市 沙漠 天空 花园 公园 河 湖 瀑布 桥 "
        "公路 山谷 岛 村 田 港 风景",
    ),
    "underwater": (
        "underwater undersea seahorse* octopus* jellyfish squid coral reef seabed submarine "
        "scuba diver mermaid* shipwreck deep_sea sunken kelp",
        "海底 水下 海马 章鱼 水母 珊瑚 潜水 潜艇 美人鱼 深海",
    ),
    "aquatic": (
        "fish goldfish shark* dolphin* whale* octopus* jellyfish squid koi manta seahorse orca "
        "stingray seal turtle lobster crab",
        "鱼 鲨 海豚 鲸 章鱼 水母 乌贼 锦鲤 海马 海龟",
    ),
    "vessel": (
        "boat* ship* sailboat* yacht* canoe* ferry rowboat* gondola raft galleon kayak* vessel",
        "船 帆 舟 艇",
    ),
    "space": (
        "space spaceship* spacecraft planet* galaxy galaxies nebula* astronaut* cosmonaut* mars "
        "asteroid* venus neptune orbit* moon_surface rocket* alien* ufo starship* saturn "
        "jupiter comet black_hole",
        "太空 木星 土星 空间站 宇宙 星球 行星 银河 星云 宇航员 航天 火星 外星 飞船 火箭 彗星 黑洞",
    ),
    "sand": ("desert sahara dune* cactus cacti camel* oasis", "沙漠 沙丘 仙人掌 骆驼 戈壁"),
    "height": ("rooftop* roof cliff* summit peak", "屋顶 悬崖 山顶"),
    "urban": (
        "city skateboard* street* alley subway metro tram skyscraper* downtown cyberpunk taxi "
        "traffic urban neon crosswalk cityscape",
        "城市 街 地铁 电车 摩天 赛博朋克 出租车 霓虹 都市",
    ),
    "nature": (
        "forest* mountain* meadow jungle valley river waterfall savanna* wilderness canyon",
        "森林 山谷 草原 丛林 河流 瀑布 荒野",
    ),
    # Things
    "huge": (
        "whale* elephant* dinosaur* dragon* mammoth giraffe* train* locomotive* plane* "
        "airplane* airship* aircraft truck* bus tank ship* galleon godzilla kaiju titan giant "
        "skyscraper* mountain* waterfall volcano* castle* cathedral* bridge* tower pyramid* "
        "helicopter* rocket* spaceship* windmill* stadium tractor* planet* horse* camel* bear* "
        "sailboat* boat* balloon_ride",
        "鲸 大象 恐龙 龙 长颈鹿 火车 飞机 飞船 卡车 公交 坦克 摩天 雪山 瀑布 火山 城堡 宫殿 "
        "大桥 塔 金字塔 火箭 骏马 白马 熊 拖拉机 船",
    ),
    "building": (
        "house* castle* lighthouse* church* cathedral* tower temple* pagoda building* "
        "skyscraper* windmill* barn cabin cottage village town city palace mansion hut* bridge* "
        "pyramid* bookshop shop* cafe diner station skyline treehouse igloo hotel fortress",
        "房子 屋 城堡 灯塔 教堂 塔 寺 楼 风车 谷仓 木屋 村 镇 城市 宫 桥 店 车站 庙 故宫",
    ),
    "vehicle": (
        "car cars truck* bus motorcycle* motorbike* train* tram* taxi* van tractor* locomotive* "
        "racecar* jeep tank",
        "汽车 跑车 卡车 公交 摩托 火车 电车 出租车 拖拉机",
    ),
    "flyer": (
        "plane* hot_air_balloon* airplane* aircraft helicopter* jet airship* rocket* drone*",
        "飞机 直升机 火箭 飞艇",
    ),
    "tabletop": (
        "cup mug coffee tea teapot kettle plate bowl cake cupcake* pizza bread sandwich burger "
        "sushi ramen noodle* fruit apple* lemon* banana* orange* strawberr* cherry cherries "
        "food breakfast dessert soup salad bottle* glass_of wine perfume watch ring necklace "
        "earring* jewelry jewellery key shoe shoes sneaker* phone laptop headphone* lipstick "
        "candle vase book pen spoon pocket_watch chess violin guitar teddy cookie* chocolate "
        "cheese egg eggs pancake* ice_cream cosmetic* jar snow_globe typewriter camera",
        "杯 碗 盘 咖啡 茶 蛋糕 披萨 面包 汉堡 寿司 面条 热汤面 水果 苹果 柠檬 香蕉 草莓 食物 "
        "早餐 甜点 瓶 香水 手表 戒指 项链 钥匙 鞋 手机 电脑 耳机 口红 花瓶 饺子 冰淇淋 鸡蛋 "
        "巧克力 相机",
    ),
    "wild": (
        "lion* hummingbird* seagull* tiger* elephant* bear* wolf wolves deer fox foxes moose "
        "giraffe* zebra* rhino* leopard* gorilla* monkey* crocodile* dinosaur* dragon* eagle* "
        "owl* hedgehog* squirrel* panda* kangaroo* penguin* camel* buffalo bison horse* "
        "unicorn* cow cows sheep goat*",
        "狮 老虎 大象 熊 狼 鹿 狐狸 长颈鹿 斑马 豹 猩猩 猴 鳄鱼 恐龙 龙 鹰 猫头鹰 刺猬 松鼠 "
        "熊猫 企鹅 骆驼 马 牛 羊",
    ),
    "legless": (
        "snake* fish goldfish shark* dolphin* whale* jellyfish butterfly butterflies bee bees "
        "moth snail* worm* car cars boat* ship* train* plane* owl* bird birds statue* swan* "
        "duck* octopus* mermaid* seal seahorse koi crowd family hummingbird* eagle* penguin* "
        "parrot* flamingo* crow crows raven* pigeon* seagull* sparrow* turtle* tortoise* "
        "caterpillar* dragonfly bust portrait",
        "蛇 鱼 鲨 海豚 鲸 水母 蝴蝶 蜜蜂 蜗牛 汽车 船 鸟 雕像 天鹅 鸭 章鱼 美人鱼 鹰 猫头鹰 "
        "企鹅 鹦鹉 鹤 乌鸦 鸽 海鸥 龟 人群 头像 肖像",
    ),
    "machine": ("robot* android* cyborg* mecha mech gundam automaton", "机器人 机甲 机械 高达"),
    "faceless": ("robot* mecha snail* jellyfish bee bees", "机甲 水母 蜗牛"),
    "tame": (
        "baby babies infant* newborn* grandm* grandp* elderly old_man old_woman",
        "婴儿 宝宝 老人 奶奶 爷爷",
    ),
    "historic": (
        "medieval ancient knight* samurai viking* roman rome pharaoh* egyptian victorian "
        "renaissance baroque gladiator* prehistoric dinosaur* caveman cavemen feudal pirate* "
        "ninja* geisha dynasty 18th_century 19th_century 17th_century wizard* elf elves fairy "
        "fairies dragon* orc castle* king queen princess* prince unicorn* mammoth tudor "
        "greek_god* norse mythical ukiyo-e",
        "古代 古风 武士 骑士 海盗 忍者 唐朝 宋朝 明朝 清朝 敦煌 孙悟空 皇帝 皇后 公主 王子 国王 "
        "仙 侠 恐龙 精灵 龙 城堡 汉服 神话 浮世绘 将军 国风",
    ),
    "future": (
        "cyberpunk futuristic sci-fi scifi spaceship* robot* android* cyborg* mecha hologram* "
        "ufo space_station starship* neon hovercar* dystopian",
        "赛博朋克 未来 科幻 飞船 机器人 机甲 全息 空间站 霓虹",
    ),
    "interior": (
        "bathroom subway metro kitchen bedroom classroom *cellar hospital living_room library "
        "ballroom corridor hallway prison_cell museum gallery theatre theater office attic "
        "basement greenhouse gym laboratory supermarket restaurant bar pub cafe church_interior",
        "浴室 厨房 卧室 教室 酒窖 医院 客厅 图书馆 走廊 博物馆 剧院 办公室 书房 实验室 餐馆 咖啡馆",
    ),
    "vast": (
        "glacier* volcano* canyon* waterfall* island* skyline* black_hole* jupiter saturn "
        "neptune venus nebula* galaxy galaxies rainbow* *storm* typhoon* tornado* hurricane* "
        "aurora* comet eruption erupting mountain_range sunset sunrise panorama landscape* "
        "cloudscape seascape constellation* macro dewdrop* snowflake* space_station",
        "冰川 火山 峡谷 瀑布 岛 天际线 黑洞 木星 土星 星云 银河 彩虹 暴风 台风 龙卷风 极光 "
        "空间站 喷发 全景 微距 雪花 星座",
    ),
    "tropical": (
        "crocodile* alligator* parrot* flamingo* lion* elephant* giraffe* zebra* monkey* "
        "gorilla* toucan* chameleon* camel* palm palms hippo* rhino* cactus cacti leopard* "
        "cheetah*",
        "鳄鱼 鹦鹉 火烈鸟 狮 大象 长颈鹿 斑马 猴 猩猩 骆驼 仙人掌 河马 犀牛",
    ),
    # Whom and what any place suits
    "object": (
        "statue* sculpture* bust figurine* stone marble bronze porcelain ceramic plush* toy* "
        "origami puppet* mannequin* paper wooden",
        "雕像 石像 木偶 玩偶 玩具 瓷 折纸",
    ),
    "person": (
        "person people man men woman women boy* girl* child children kid kids lady ladies "
        "gentleman couple friend* family grandm* grandp* dancer* ballerina* wizard* witch* "
        "knight* samurai ninja* pirate* princess* prince queen king monk* traveler* traveller* "
        "hiker* wanderer* musician* violinist* guitarist* poet* painter* artist* photographer* "
        "bride groom mother father sister* brother* sailor* fisherman detective* soldier* elf "
        "elves fairy fairies hero heroine maiden 1girl 1boy 2girls 2boys someone stranger* "
        "student* cowboy* geisha viking* robot* android* scarecrow* portrait",
        "人 男 女 孩 少年 姑娘 老人 奶奶 爷爷 情侣 武士 骑士 公主 王子 法师 海盗 舞者 精灵",
    ),
    "pet": (
        "cat cats kitten* kitty dog dogs puppy puppies corgi* beagle* terrier* poodle* rabbit* "
        "bunny bunnies hamster*",
        "猫 狗 犬 兔 柯基 仓鼠",
    ),
    # What happens, and how it feels
    "motion": (
        "running racing race battle fight* explosion* explod* storm* tornado chase chasing "
        "galloping jumping dancing surfing skateboard* sprint* hurricane attack* crash* "
        "eruption erupting skiing dunk* boxing",
        "奔跑 赛车 战斗 打斗 爆炸 暴风 龙卷风 追逐 跳 舞 冲浪 滑板 喷发 拳击",
    ),
    "still": (
        "sleeping asleep sleepy resting still_life meditat* praying calm peaceful serene "
        "tranquil quiet napping zen lotus_position monk",
        "睡 静物 冥想 祈祷 平静 宁静 安静 打坐 禅",
    ),
    "empty": (
        "empty deserted abandoned no_people without_people nobody no_one lonely alone",
        "没有人 空无一人 空荡 孤独 废弃",
    ),
    "sad": ("sad crying grief funeral mourning lonely melanchol* tears", "悲伤 哭 葬礼 孤独 忧伤"),
    "joy": (
        "cheerful happy joyful birthday party wedding festive carnival circus smiling laughing "
        "celebrat*",
        "欢快 快乐 开心 生日 婚礼 喜庆 马戏 微笑 大笑 庆祝",
    ),
    "solemn": (
        "funeral war memorial cathedral temple mourning cemetery requiem",
        "葬礼 战争 纪念碑 教堂 寺 墓",
    ),
    "tense": (
        "battle thunder* lightning *storm* typhoon fight* war horror chase explosion* storm*",
        "战斗 战争 恐怖 追逐 爆炸 暴风 台风 龙卷风",
    ),
    # Kinds of images
    "flat": (
        "logo* logotype* emblem* icon icons favicon sticker* badge* monogram* wordmark pattern* "
        "seamless tileable texture* infographic* diagram* flowchart* chart* blueprint* "
        "schematic* map maps coloring_page* colouring_page* coloring_book colouring_book "
        "line_art lineart line_drawing* continuous_line typography lettering font fonts "
        "typeface business_card* brochure* "
        "flyer* ui ux website webpage web_page wireframe* dashboard* mockup app_screen "
        "user_interface sprite_sheet sprite sprites tattoo* qr_code barcode clipart clip_art "
        "pictogram* glyph* mandala* silhouette* character_sheet model_sheet turnaround "
        "reference_sheet crest insignia stamp wallpaper_pattern fractal* gradient abstract "
        "vector label labels stencil* heraldic heraldry letterhead calligraphy crossword "
        "comic_panel* storyboard* concept_sheet",
        "标志 徽标 徽章 图标 商标 贴纸 图案 花纹 纹理 无缝 信息图 图表 流程图 蓝图 线稿 线描 "
        "简笔画 涂色 字体 名片 界面 网页 剪影 二维码 设定图 三视图 印章 书法 渐变 抽象 分形 纹身 "
        "矢量 表情包 地图 传单",
    ),
    "isolated": (
        "white_background plain_background transparent_background isolated product_photo* "
        "product_shot* packshot cutout cut-out simple_background grey_background "
        "gray_background black_background solid_background green_screen studio_shot headshot "
        "passport_photo id_photo knolling flat_lay catalog* catalogue mugshot studio_portrait "
        "png",
        "白底 白色背景 纯色背景 透明背景 产品图 产品照 抠图 证件照 黑色背景 简单背景 绿幕",
    ),
    "mono": (
        "black_and_white monochrome grayscale greyscale charcoal pencil line_art lineart "
        "line_drawing ink sketch coloring_page* colouring_page* silhouette* noir etching "
        "engraving linocut woodcut blueprint* sepia b&w x-ray stencil* daguerreotype",
        "黑白 单色 素描 线稿 水墨 铅笔 木炭 剪影 版画 涂色 蚀刻 蓝图",
    ),
    "photo": (
        "photo* dslr film_still 35mm 50mm 85mm polaroid snapshot selfie bokeh realistic",
        "照片 摄影 写实 拍立得 自拍",
    ),
    "drawn": (
        "painting drawing illustration sketch watercolor watercolour anime cartoon comic manga "
        "pixel_art storybook doodle fresco lineart line_art ukiyo-e vector",
        "画 动漫 卡通 像素 插图 漫画 涂鸦",
    ),
    "pixel": (
        "pixel_art pixelated 8-bit 16-bit low_poly voxel lego minecraft",
        "像素 低多边形 乐高",
    ),
    "close": (
        "portrait* close-up closeup close_up macro headshot selfie face bust",
        "特写 肖像 头像 微距 自拍 脸",
    ),
    "far": (
        "landscape* panorama* aerial wide_shot skyline cityscape vista bird's-eye drone_shot "
        "mountain_range valley galaxy crowd city village distant",
        "全景 远景 远山 远处 航拍 俯瞰 山水 风景 天际线 山谷 城市 村庄 银河",
    ),
    "cosy": ("cozy cosy snug", "温馨 舒适"),
    "simple": ("simple minimal* minimalist uncluttered plain", "简单 极简 简约"),
    "crowded": (
        "crowd* market* bazaar festival parade busy crowded concert stadium",
        "人群 市场 集市 节日 游行 热闹 演唱会",
    ),
    "warm": (
        "warm fire* campfire desert lava autumn* sunset sunrise",
        "暖 火 沙漠 熔岩 秋 日落 日出",
    ),
    "cool": (
        "cold winter* snow* sled* husky glacier* ice icy frozen moonlight moonlit arctic",
        "冷 冬 雪 冰 月光 北极",
    ),
}
