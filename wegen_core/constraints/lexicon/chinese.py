"""Chinese words the finders know, as data; the values are the English lexicon's canonical names."""

from __future__ import annotations


def _table(rows: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for row in rows.strip().splitlines():
        canonical, _, words = row.partition(":")
        table.update(dict.fromkeys(words.split(), canonical.strip()))
    return table


COLOURS = _table("""
red: 红 红色 鲜红 大红 深红 朱红 火红
orange: 橙 橙色 橘色 橘红 橘黄
yellow: 黄 黄色 明黄 鹅黄
green: 绿 绿色 翠绿 墨绿 嫩绿 草绿
blue: 蓝 蓝色 深蓝 天蓝 湖蓝 宝蓝 浅蓝
purple: 紫 紫色 淡紫
pink: 粉 粉色 粉红 粉红色
brown: 棕 棕色 褐色 咖啡色
black: 黑 黑色 漆黑
white: 白 白色 雪白 洁白 纯白
grey: 灰 灰色
gold: 金色 金黄 金黄色
silver: 银色
teal: 青色 青绿
beige: 米色 米白
""")
# Words that contain a colour or a noun and say neither.
NOT_WORDS = (
    "红酒 红绿灯 红包 绿茶 绿洲 绿豆 黄昏 黄金 黄瓜 白天 白领 白菜 白酒 黑夜 黑板 黑白 黑客 "
    "黑洞 灰尘 蓝图 "
    "蓝牙 青年 青蛙 青春 粉丝 粉笔 面粉 花粉 明白 空白 告白 银河 银行 金属 金鱼 彩色 紫禁城 "
    "黄山 黄河 红楼梦 "
    "水彩 水彩画 水墨 水墨画 油画 人间 人工 人们 人生 灯光 门票 书法 马上 马路 马赛克 花纹 雪白 "
    "草稿 草图 树立 海鲜 海拔 河北 河南 "
    "字体 车站 云南 湖南 湖北 山东 山西 茶几"
).split()
NOUNS = _table("""
cat: 猫 小猫 猫咪 橘猫
dog: 狗 小狗 犬 柯基 狗狗
car: 汽车 小汽车 轿车 跑车 车
boat: 船 小船 帆船 轮船 渔船
house: 房子 小屋 木屋 屋子 房屋
tree: 树 大树 树木 松树 柳树
fish: 鱼 小鱼 金鱼
ball: 球 皮球 足球
star: 星星
sea: 海 大海 海边 海滩 海洋 沙滩
grass: 草地 草坪 草
desert: 沙漠
night: 夜晚 夜里 晚上 深夜 黑夜
person: 人 人物 行人 路人
man: 男人 男子 老人 爷爷 老爷爷
woman: 女人 女子 奶奶
boy: 男孩 小男孩 少年
girl: 女孩 小女孩 少女 姑娘
child: 孩子 小孩 儿童
baby: 婴儿 宝宝
bird: 鸟 小鸟 麻雀
horse: 马 骏马
forest: 森林 树林
mountain: 山 雪山 高山
river: 河 小河 河流
lake: 湖 湖泊
road: 路 道路 公路
street: 街道 街 街头 小巷
city: 城市 都市
village: 村庄 小镇 乡村
garden: 花园 公园 院子
room: 房间 卧室 客厅
kitchen: 厨房
table: 桌子 书桌 餐桌 桌
chair: 椅子 凳子 椅
sofa: 沙发
bed: 床
window: 窗 窗户 窗台
door: 门
wall: 墙 墙壁
lamp: 灯 灯笼 路灯 台灯
book: 书 书本
cup: 杯子 茶杯 咖啡杯
bottle: 瓶子
bowl: 碗
flower: 花 花朵 玫瑰 向日葵 荷花 樱花 郁金香 玫瑰花
sky: 天空 蓝天
cloud: 云 云朵 白云
sun: 太阳
moon: 月亮 明月
snow: 雪
rain: 雨
mist: 雾
water: 水
bridge: 桥 小桥
castle: 城堡 宫殿
tower: 塔 灯塔
temple: 寺庙 庙
building: 建筑 建筑物 高楼 大楼
bicycle: 自行车 单车
train: 火车
plane: 飞机
robot: 机器人
dragon: 龙 巨龙
astronaut: 宇航员
spaceship: 飞船 宇宙飞船 火箭
knight: 骑士
hat: 帽子
shirt: 衬衫
dress: 裙子 连衣裙
coat: 外套 大衣
scarf: 围巾
shoe: 鞋子 鞋
umbrella: 伞 雨伞
glasses: 眼镜 墨镜
sword: 剑
balloon: 气球
kite: 风筝
cake: 蛋糕
apple: 苹果
fruit: 水果
food: 食物
coffee: 咖啡
tea: 茶
fox: 狐狸
wolf: 狼
bear: 熊
panda: 熊猫 大熊猫
rabbit: 兔子 小兔子
elephant: 大象
lion: 狮子
tiger: 老虎
cow: 牛 奶牛
sheep: 羊 绵羊
pig: 猪 小猪
duck: 鸭子
penguin: 企鹅
butterfly: 蝴蝶
frog: 青蛙
whale: 鲸鱼
statue: 雕像
bench: 长椅
clock: 时钟
sign: 招牌 牌子 路牌
poster: 海报
text: 文字 字
watermark: 水印
face: 脸 面部
hair: 头发
eye: 眼睛
background: 背景
shadow: 影子 阴影
vase: 花瓶
rock: 石头 岩石
animal: 动物
pet: 宠物
toy: 玩具
vehicle: 交通工具
pond: 池塘 水池 荷塘
pear: 梨 梨子
orange: 橙子 橘子
banana: 香蕉
peach: 桃子
grape: 葡萄
strawberry: 草莓
watermelon: 西瓜
lemon: 柠檬
bread: 面包
egg: 鸡蛋
noodle: 面条
dumpling: 饺子
bee: 蜜蜂
swan: 天鹅
goose: 鹅
chicken: 鸡 公鸡 母鸡 小鸡
monkey: 猴子
deer: 鹿 小鹿
squirrel: 松鼠
owl: 猫头鹰
parrot: 鹦鹉
eagle: 老鹰
crane: 仙鹤
peacock: 孔雀
dolphin: 海豚
turtle: 乌龟 海龟
snail: 蜗牛
spider: 蜘蛛
mouse: 老鼠
camel: 骆驼
giraffe: 长颈鹿
zebra: 斑马
candle: 蜡烛
guitar: 吉他
piano: 钢琴
violin: 小提琴
drum: 鼓
phone: 手机 电话
computer: 电脑
camera: 相机 照相机
television: 电视 电视机
mirror: 镜子
curtain: 窗帘
carpet: 地毯
shelf: 书架 架子
basket: 篮子
box: 盒子 箱子
bag: 书包 背包 包
backpack: 登山包
ladder: 梯子
fence: 篱笆 栅栏
stairs: 楼梯 台阶
roof: 屋顶
balcony: 阳台
tent: 帐篷
campfire: 篝火
mailbox: 邮筒 信箱
fountain: 喷泉
well: 井
mill: 风车
lighthouse: 灯塔
island: 岛 小岛
beach: 沙滩
cliff: 悬崖
waterfall: 瀑布
valley: 山谷
cave: 山洞 洞穴
field: 田野 麦田 稻田
hill: 山丘 小山
leaf: 叶子 树叶 落叶
bamboo: 竹子 竹林
mushroom: 蘑菇
cactus: 仙人掌
rainbow: 彩虹
lightning: 闪电
bus: 公交车 巴士
truck: 卡车
motorcycle: 摩托车
helicopter: 直升机
ring: 戒指
necklace: 项链
crown: 皇冠 王冠
glove: 手套
skirt: 短裙
trousers: 裤子
raincoat: 雨衣
kimono: 和服
doctor: 医生
teacher: 老师
chef: 厨师
soldier: 士兵
pirate: 海盗
king: 国王
queen: 女王 王后
princess: 公主
prince: 王子
monk: 和尚 僧人
farmer: 农民 农夫
fisherman: 渔夫
hand: 手
head: 头
ear: 耳朵
nose: 鼻子
mouth: 嘴 嘴巴
wing: 翅膀
tail: 尾巴
beard: 胡子
smoke: 烟 炊烟
fire: 火 火焰
ice: 冰
shop: 商店 小店
school: 学校
hospital: 医院
station: 车站 火车站
cafe: 咖啡馆 咖啡店
restaurant: 餐厅 餐馆
library: 图书馆
church: 教堂
market: 市场 集市
bookshop: 书店
flag: 旗子 旗帜
fan: 扇子
pen: 钢笔 笔
newspaper: 报纸
letter: 信 信封
""")
# Well-known names: nothing else marks a name in Chinese.
NAMES = (
    "北京 上海 广州 深圳 杭州 苏州 南京 成都 重庆 西安 武汉 天津 青岛 大连 厦门 "
    "香港 澳门 台北 拉萨 丽江 桂林 哈尔滨 敦煌 西湖 长江 黄河 泰山 黄山 华山 "
    "长城 故宫 天安门 外滩 东方明珠 兵马俑 布达拉宫 颐和园 天坛 云南 西藏 新疆 "
    "四川 江南 中国 日本 东京 京都 大阪 富士山 首尔 韩国 泰国 曼谷 新加坡 印度 "
    "巴黎 法国 埃菲尔铁塔 卢浮宫 伦敦 英国 大本钟 纽约 美国 自由女神像 好莱坞 罗马 "
    "意大利 威尼斯 佛罗伦萨 柏林 德国 莫斯科 俄罗斯 红场 埃及 金字塔 悉尼 澳大利亚 "
    "巴塞罗那 西班牙 希腊 圣托里尼 瑞士 荷兰 阿姆斯特丹 冰岛 北极 南极 非洲 欧洲 "
    "亚洲 撒哈拉 亚马逊 火星 月球 李白 杜甫 苏轼 孔子 老子 秦始皇 武则天 诸葛亮 "
    "关羽 曹操 孙悟空 猪八戒 唐僧 哪吒 白雪公主 灰姑娘 林黛玉 贾宝玉 花木兰 鲁迅 "
    "梵高 莫奈 毕加索 达芬奇 蒙娜丽莎 爱因斯坦 牛顿 贝多芬 莎士比亚 圣诞老人 "
    "哈利波特 福尔摩斯 蜘蛛侠 蝙蝠侠 宫崎骏 齐白石 张大千 "
).split()
# "朵", "辆", ... may stand between a number and its noun.
MEASURES = "只个条辆艘座棵颗朵张位名本把杯间栋架匹头群双对幅件块片根串束株扇盏"
DIGITS = {c: v for v, c in enumerate("零一二三四五六七八九十")} | {"两": 2, "俩": 2}
PLACE_AFTER = {
    "左边": "left",
    "左侧": "left",
    "左面": "left",
    "右边": "right",
    "右侧": "right",
    "右面": "right",
    "中间": "middle",
    "中央": "middle",
    "正中": "middle",
    "前景": "foreground",
    "左上角": "top left",
    "右上角": "top right",
    "左下角": "bottom left",
    "右下角": "bottom right",
    "上面": "on",
    "上方": "above",
    "下面": "under",
    "下方": "under",
    "底下": "under",
    "前面": "front",
    "前方": "front",
    "后面": "behind",
    "后方": "behind",
    "背后": "behind",
    "旁边": "beside",
    "旁": "beside",
    "附近": "beside",
    "里面": "in",
    "之间": "between",
    "周围": "around",
    "里": "in",
    "中": "in",
    "上": "on",
    "下": "under",
    "前": "front",
    "后": "behind",
    "边": "beside",
}
# Said without a noun before them, these are places in the picture.
ABSOLUTE = frozenset(
    "左边 左侧 左面 右边 右侧 右面 中间 中央 正中 前景 左上角 右上角 左下角 右下角".split()
)
