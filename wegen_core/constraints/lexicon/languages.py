"""How languages are told apart: their scripts, and letters and words of those in Latin letters."""

from __future__ import annotations

NAMES = {
    "en": "English",
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "ru": "Russian",
    "uk": "Ukrainian",
    "be": "Belarusian",
    "sr": "Serbian",
    "kk": "Kazakh",
    "ar": "Arabic",
    "fa": "Persian",
    "ur": "Urdu",
    "he": "Hebrew",
    "hi": "Hindi",
    "bn": "Bengali",
    "pa": "Punjabi",
    "gu": "Gujarati",
    "ta": "Tamil",
    "te": "Telugu",
    "kn": "Kannada",
    "ml": "Malayalam",
    "si": "Sinhala",
    "th": "Thai",
    "lo": "Lao",
    "my": "Burmese",
    "ka": "Georgian",
    "am": "Amharic",
    "km": "Khmer",
    "hy": "Armenian",
    "el": "Greek",
    "sv": "Swedish",
    "da": "Danish",
    "no": "Norwegian",
    "fi": "Finnish",
    "pl": "Polish",
    "cs": "Czech",
    "sk": "Slovak",
    "hr": "Croatian",
    "sl": "Slovenian",
    "hu": "Hungarian",
    "ro": "Romanian",
    "tr": "Turkish",
    "ca": "Catalan",
    "vi": "Vietnamese",
    "id": "Indonesian",
    "ms": "Malay",
    "tl": "Tagalog",
    "et": "Estonian",
    "lv": "Latvian",
    "lt": "Lithuanian",
    "is": "Icelandic",
}
# Code -> characters that only it writes, or that decide for it. The first hit of a line counts.
SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", "\u3040-\u30ff"),
    ("ko", "\uac00-\ud7af\u1100-\u11ff\u3130-\u318f"),
    ("zh", "\u4e00-\u9fff\u3400-\u4dbf"),
    ("ru", "\u0400-\u04ff"),
    ("ar", "\u0600-\u06ff"),
    ("he", "\u0590-\u05ff"),
    ("hi", "\u0900-\u097f"),
    ("bn", "\u0980-\u09ff"),
    ("pa", "\u0a00-\u0a7f"),
    ("gu", "\u0a80-\u0aff"),
    ("ta", "\u0b80-\u0bff"),
    ("te", "\u0c00-\u0c7f"),
    ("kn", "\u0c80-\u0cff"),
    ("ml", "\u0d00-\u0d7f"),
    ("si", "\u0d80-\u0dff"),
    ("th", "\u0e00-\u0e7f"),
    ("lo", "\u0e80-\u0eff"),
    ("my", "\u1000-\u109f"),
    ("ka", "\u10a0-\u10ff"),
    ("am", "\u1200-\u137f"),
    ("km", "\u1780-\u17ff"),
    ("hy", "\u0530-\u058f"),
    ("el", "\u0370-\u03ff\u1f00-\u1fff"),
)
# Of several languages in one script: the letters that only this one has.
SAME_SCRIPT: dict[str, tuple[tuple[str, str], ...]] = {
    "ru": (("uk", "іїєґІЇЄҐ"), ("be", "ўЎ"), ("sr", "ђјљњћџЂЈЉЊЋЏ"), ("kk", "әғқңөұүһ")),
    "ar": (("ur", "ٹڈڑںےہھ"), ("fa", "پچژگکی")),
}
# Letters with marks, where only one language or few have them.
LETTERS: dict[str, str] = {
    "es": "ñ¿¡áíóú",
    "pt": "ãõçáêôâ",
    "fr": "çèêëîïôûùœàâé",
    "it": "èàùìò",
    "de": "äöüß",
    "sv": "åäö",
    "da": "æøå",
    "no": "æøå",
    "fi": "äö",
    "pl": "ąćęłńśźżó",
    "cs": "čěřšžůýáí",
    "sk": "čšžýáľĺŕť",
    "hr": "čćđšž",
    "sl": "čšž",
    "hu": "őűáéíóöü",
    "ro": "ăâîșțşţ",
    "tr": "ğışçöüİ",
    "ca": "çàèòïl·",
    "vi": "đơưăạảấầẩẫậắằẳẵặẹẻẽếềểễệỉĩịọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹàáâãèéêìíòóôõùúý",
    "et": "õäöü",
    "lv": "āčēģīķļņšūž",
    "lt": "ąčęėįšųūž",
    "is": "ðþæöáéíóúý",
}
# The words that requests for images are made of; function words first.
WORDS: dict[str, str] = {
    "en": """
        noir film rose violet a an the of and with in on at to by under from for into over behind
        near between is are it its his her my your their this that these no not without as or
        wearing holding standing sitting looking style photo painting portrait drawing picture
        image background beautiful small big little old young large tiny girl boy woman man one
        two three four five six light dark bright make add remove change put keep night day white
        black red green blue yellow purple orange pink brown grey gray high quality detailed close
        up view scene
    """,
    "es": """
        el la los las un una unos unas de del en con y por para sobre junto sin al su que muy gato
        gata perro niña niño chica chico mujer hombre casa árbol mar playa montaña ciudad noche
        bosque rojo roja negro negra blanco blanca azul verde amarillo amarilla pequeño pequeña
        viejo vieja grande coche barco flor flores cielo lluvia nieve puente calle retrato cuadro
        dos tres cuatro cinco caballo pájaro sol luna mesa lago río jardín atardecer amanecer
        reina rey castillo bajo entre detrás
    """,
    "fr": """
        le la les un une des de du dans avec et sur au aux près sous sans par pour qui est son sa
        ses entre derrière devant chat chatte chien fille garçon femme homme maison arbre mer
        plage montagne ville nuit forêt rouge noir noire blanc blanche bleu bleue vert verte jaune
        petit petite vieux vieille grand grande voiture bateau fleur fleurs ciel pluie neige pont
        rue deux trois quatre cinq cheval oiseau soleil lune lac rivière jardin roi reine château
        table orange rose portrait train fenêtre
    """,
    "de": """
        der die das ein eine einen einem einer eines und mit im am auf unter von vom zum zur bei
        in an ohne für über neben vor hinter zwischen ist katze kater hund mädchen junge frau mann
        haus baum meer strand berg berge stadt nacht wald rot rote roter rotes roten schwarz
        schwarze schwarzer weiß weiße weißer blau blaue blauer grün grüne gelb gelbe klein kleine
        kleiner kleines alt alte alter altes groß große auto boot schiff blume blumen himmel regen
        schnee brücke straße zwei drei vier fünf pferd vogel sonne mond see fluss garten könig
        königin schloss
    """,
    "it": """
        il lo gli la le i un uno una di del della dello dei delle degli con nel nella nei sul
        sulla su e per che in al alla tra sotto sopra senza gatto gatta cane ragazza ragazzo
        bambina bambino donna uomo casa albero mare spiaggia montagna città notte bosco foresta
        rosso rossa nero nera bianco bianca blu azzurro verde giallo gialla piccolo piccola
        vecchio vecchia grande macchina barca fiore fiori cielo pioggia neve ponte strada due tre
        quattro cinque cavallo uccello sole luna lago fiume giardino re regina castello tramonto
    """,
    "pt": """
        o os as um uma uns umas de do da dos das em no na nos nas com e por para sobre sem ao à
        que seu sua gato gata cachorro cão menina menino mulher homem casa árvore mar praia
        montanha cidade noite floresta vermelho vermelha preto preta branco branca azul verde
        amarelo amarela pequeno pequena velho velha grande carro barco flor flores céu chuva neve
        ponte rua dois duas três quatro cinco cavalo pássaro sol lua mesa lago rio jardim rei
        rainha castelo entre
    """,
    "nl": """
        de het een van en met op onder naast voor in aan bij uit zonder achter tussen door is kat
        poes hond meisje jongen vrouw man huis boom zee strand berg bergen stad nacht bos rood
        rode zwart zwarte wit witte blauw blauwe groen groene geel gele klein kleine oud oude
        groot grote fiets auto boot bloem bloemen lucht regen sneeuw brug straat twee drie vier
        vijf paard vogel zon maan meer rivier tuin koning koningin kasteel muur
    """,
    "sv": """
        en ett den det och med på i under av vid till från utan över bakom mellan som är katt hund
        flicka pojke kvinna man hus träd hav strand berg stad natt skog röd rött röda svart vit
        vita blå grön gul liten litet gammal stor bil båt blomma blommor himmel regn snö bro gata
        två tre fyra fem häst fågel sol måne sjö flod trädgård kung drottning slott
    """,
    "da": """
        en et den det og med på i under af ved til fra uden over bag mellem som er kat hund pige
        dreng kvinde mand hus træ hav strand bjerg by nat skov rød rødt røde sort hvid hvide blå
        grøn gul lille gammel stor bil båd blomst himmel regn sne bro gade to tre fire fem hest
        fugl sol måne sø have konge dronning slot
    """,
    "no": """
        en ei et den det og med på i under av ved til fra uten over bak mellom som er katt hund
        jente gutt kvinne mann hus tre hav strand fjell by natt skog rød rødt røde svart hvit
        hvite blå grønn gul liten gammel stor bil båt blomst himmel regn snø bro gate to tre fire
        fem hest fugl sol måne innsjø elv hage konge dronning slott
    """,
    "fi": """
        ja on kissa koira tyttö poika nainen mies talo puu meri ranta vuori kaupunki yö metsä
        punainen musta valkoinen sininen vihreä keltainen pieni vanha suuri auto vene kukka taivas
        sade lumi silta katu kaksi kolme neljä viisi hevonen lintu aurinko kuu järvi joki puutarha
        kanssa ilman alla päällä
    """,
    "pl": """
        i w we na z ze do od pod nad przy za bez dla przez obok jest kot kotek pies dziewczyna
        dziewczynka chłopiec kobieta mężczyzna dom drzewo morze plaża góra góry miasto noc las
        czerwony czerwona czarny czarna biały biała niebieski zielony zielona żółty mały mała
        stary stara duży duża wielki samochód łódź statek kwiat kwiaty niebo deszcz śnieg most
        ulica dwa dwie trzy cztery pięć koń ptak słońce księżyc jezioro rzeka ogród król królowa
        zamek lesie plaży nocy
    """,
    "cs": """
        a v ve na s se z ze do od pod nad u za bez pro je kočka kocour pes dívka holka chlapec
        žena muž dům strom moře pláž hora město noc les červený červená černý černá bílý bílá
        modrý zelený žlutý malý malá starý stará velký auto loď květina nebe déšť sníh most ulice
        dva dvě tři čtyři pět kůň pták slunce měsíc jezero řeka zahrada král hrad
    """,
    "hu": """
        a az egy és van alatt fölött mellett macska kutya lány fiú nő férfi ház fa tenger
        tengerpart hegy város éjszaka erdő piros vörös fekete fehér kék zöld sárga kis kicsi öreg
        régi nagy autó hajó virág ég eső hó híd utca két kettő három négy öt ló madár nap hold tó
        folyó kert király vár
    """,
    "ro": """
        o un unei unui și cu în la pe sub de din fără lângă peste este pisică câine fată băiat
        femeie bărbat casă copac mare plajă munte oraș noapte pădure roșu roșie negru neagră alb
        albă albastru verde galben mic mică vechi mașină barcă floare flori cer ploaie zăpadă pod
        stradă doi două trei patru cinci cal pasăre soare lună lac râu grădină rege castel
    """,
    "tr": """
        bir ve ile için altında üstünde yanında önünde arkasında kedi köpek kız çocuk kadın adam
        ev ağaç deniz plaj sahil dağ şehir gece orman kırmızı siyah beyaz mavi yeşil sarı küçük
        eski yaşlı büyük araba tekne gemi çiçek gökyüzü yağmur kar köprü sokak iki üç dört beş at
        kuş güneş ay göl nehir bahçe kral kraliçe kale oturan duran
    """,
    "vi": """
        một và với trong trên dưới của ở bên cạnh không có những các con mèo chó cô gái trai phụ
        nữ đàn ông nhà cây biển bãi núi thành phố đêm rừng đỏ đen trắng xanh vàng nhỏ già lớn xe
        thuyền hoa trời mưa tuyết cầu đường hai ba bốn năm ngựa chim mặt trăng hồ sông vườn
    """,
    "id": """
        yang di dan dengan dari ke pada atas bawah dalam tanpa seekor seorang sebuah dua tiga
        empat lima kucing anjing gadis anak perempuan laki wanita pria rumah pohon laut pantai
        gunung kota malam hutan merah hitam putih biru hijau kuning kecil tua besar mobil perahu
        kapal bunga langit hujan salju jembatan jalan kuda burung matahari bulan danau sungai
        taman raja istana
    """,
    "ms": "yang di dan dengan seekor seorang sebuah kereta budak lelaki",
    "tl": "ang ng sa mga na at isang pusa aso babae lalaki bahay puno dagat gabi pula itim puti",
    "ca": """
        el la els les un una de del dels amb i a en per sobre gat gos nena nen dona home casa
        arbre platja muntanya ciutat nit bosc vermell vermella negre negra blanc blanca blau verd
        groc petit petita vell vella cotxe vaixell cel pluja neu pont carrer dos tres
    """,
}
# Endings of words that other languages hardly have.
ENDINGS: dict[str, str] = {
    "es": "ción|ciones|dad|ito|ita|ando|iendo|ón",
    "pt": "ção|ções|dade|inho|inha|ão|ões|lho|lha|nho|nha",
    "fr": "eux|euse|eau|eaux|ette|elle|ille|oir|oise|ée",
    "it": "zione|zioni|etto|etta|ello|ella|ino|ina|ndo|gli|aggio|tto|tta|cchi|cchio|zza",
    "de": "ung|ungen|lich|liche|lichen|keit|heit|isch|ische|ischen|chen|schaft",
    "nl": "ij|ijk|ijke|isch|tje|jes|heid|aat|oor",
    "pl": "ość|ego|emu|owy|owa|owe|ski|ska|skie|cie|czka|ami|ych|szcz",
    "fi": "ssa|ssä|lla|llä|sta|stä|inen|iset|ksi",
    "tr": "lar|ler|lık|lik|daki|deki|ında|inde|mış|miş|yor",
    "hu": "ban|ben|nak|nek|ság|ség|tól|től",
    "sv": "ande|ende|het|arna|orna",
    "id": "kan|nya",
    "ro": "ului|ilor|ează|escu",
}
