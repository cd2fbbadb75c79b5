"""Names of invented people: given and family names by language, with a Latin spelling."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from random import Random

_WRITTEN = {
    "en": (
        "Olivia Emma Charlotte Amelia Grace Hannah Megan Chloe Brooke Naomi Audrey Paige Zoë"
        " Imogen Freya Siobhán Renée",
        "James Robert Michael William David Joseph Thomas Daniel Matthew Andrew Kevin Brian"
        " Marcus Elliot Desmond Seán André",
        "Whitlock Ashdown Bramwell Carver Dunmore Eastwick Fairbourne Garrick Hollis Ivers"
        " Kingsley Lockhart Merriweather Norwood Oakes Pemberton Quigley Rutherford Sinclair"
        " Thackeray Underhill Vance Wexford Yardley O'Rourke McAllister D'Arcy Reyes-Ward",
    ),
    "de": (
        "Anna Lena Katharina Sabine Jana Ulrike Käthe Annegret Silke Heike Björg Franziska",
        "Jürgen Lukas Matthias Stefan Jörg Götz Sebastian Thorsten Günther Ralf Hannes Björn",
        "Müller Schäfer Köhler Brückner Voß Weiß Größ Kühn Bäcker Lindner Hartwig Eichendorf"
        " Rosenthal Ziegler Krämer Jäger Vogelsang Steinmetz Übelacker von-Ahlen",
    ),
    "fr": (
        "Élodie Camille Chloé Manon Hélène Aurélie Maëlle Sylvie Noémie Anaïs",
        "François Étienne Théo Jérôme Benoît Loïc Gaël Rémi Antoine Cédric",
        "Lefèvre Beaumont Châtelain Desrosiers Garçon Moreau Perrault Rousselle Thévenot"
        " Vasseur L'Hôpital Béranger",
    ),
    "nl": (
        "Sanne Femke Lotte Maartje Anouk Roos Noortje Eva",
        "Joost Daan Sjoerd Bram Thijs Ruben Maarten Jeroen",
        "de-Vries van-den-Berg Bakker Hendriks Dijkstra Mulder Kuipers van-Leeuwen Postma",
    ),
    "pl": (
        "Zofia Agnieszka Małgorzata Kasia Elżbieta Bożena Świętosława Joanna",
        "Łukasz Paweł Michał Grzegorz Wojciech Stanisław Krzysztof Jędrzej",
        "Nowak Wójcik Kaczmarek Zając Wróbel Stępień Gołąb Dąbek Żak Mróz Kołodziej",
    ),
    "es": (
        "María Lucía Inés Begoña Núria Pilar Rocío Ángela",
        "José Álvaro Íñigo Andrés Raúl Joaquín Ramón Iker",
        "García Muñoz Ibáñez Peña Gutiérrez Zúñiga Castellón Ruiz-Ortega Vázquez Domènech",
    ),
    "it": (
        "Giulia Chiara Francesca Alessia Martina Niccolina Elisa Beatrice",
        "Matteo Niccolò Giuseppe Lorenzo Alessandro Davide Enzo Salvatore",
        "Ferrante Bellini D'Angelo Esposito Marchetti Colombari Rizzuto Dell'Acqua Fabbri",
    ),
    "sv": (
        "Åsa Linnéa Elin Märta Saga Ebba Ingrid Alva",
        "Björn Östen Lars Håkan Gustaf Nils Söder Anders",
        "Lindström Åkesson Bergqvist Nyström Hällgren Sjöberg Öhman Ekdahl",
    ),
    "pt": (
        "Ana Beatriz Conceição Luísa Fernanda Mônica Júlia Débora",
        "João Antônio Thiago Luís Fábio Rogério Sérgio Caio",
        "Gonçalves Araújo Magalhães Brandão Pacheco Simões Falcão Mourão",
    ),
    "ja": (
        "美咲=Misaki 陽菜=Hina 結衣=Yui さくら=Sakura 恵子=Keiko",
        "健太=Kenta 大輔=Daisuke 翔=Sho 直樹=Naoki 誠=Makoto",
        "佐藤=Sato 高橋=Takahashi 渡辺=Watanabe 小林=Kobayashi 山本=Yamamoto 森=Mori",
    ),
    "zh": (
        "丽=Li 秀英=Xiuying 静=Jing 芳=Fang 雪梅=Xuemei",
        "伟=Wei 强=Qiang 志明=Zhiming 磊=Lei 建国=Jianguo",
        "王=Wang 张=Zhang 陈=Chen 欧阳=Ouyang 刘=Liu 赵=Zhao 孙=Sun",
    ),
    "ar": (
        "فاطمة=Fatima ليلى=Layla نور=Nour مريم=Maryam سارة=Sara",
        "محمد=Mohammed أحمد=Ahmed خالد=Khalid يوسف=Youssef عمر=Omar",
        "الحسيني=Alhusseini النجار=Alnajjar الخطيب=Alkhatib حداد=Haddad منصور=Mansour",
    ),
    "hi": (
        "Priya Ananya Kavya Lakshmi Sneha Divya Meera Pooja",
        "Arjun Rahul Vikram Sanjay Rohan Karthik Aditya Suresh",
        "Sharma Iyer Banerjee Chaudhary Deshpande Krishnamurthy Nair Venkataraman Rao",
    ),
}

_NICKNAMES = {
    "Robert": "Bob", "William": "Bill", "Michael": "Mike", "Daniel": "Dan", "Thomas": "Tom",
    "Matthew": "Matt", "Andrew": "Andy", "Joseph": "Joe", "David": "Dave", "Charlotte": "Lottie",
    "Amelia": "Millie", "Katharina": "Kathi", "Sebastian": "Basti", "Matthias": "Matze",
    "Francesca": "Franca", "Alessandro": "Sandro", "Małgorzata": "Gosia", "José": "Pepe",
}  # fmt: skip

_UNFOLDABLE = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ß": "ss", "æ": "ae", "đ": "d", "'": "", "’": ""}
)
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
)


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name as written and in plain Latin letters (for an e-mail address)."""

    given: str
    family: str
    latin_given: str
    latin_family: str
    salutation: str


def ascii_letters(text: str) -> str:
    """Without accents, in ASCII: Łukasz → Lukasz; what has no Latin letter is dropped."""
    folded = unicodedata.normalize("NFKD", text.translate(_UNFOLDABLE))
    return folded.encode("ascii", "ignore").decode("ascii")


def without_umlauts(text: str) -> str:
    """As a German typist without umlauts writes it: Müller → Mueller."""
    return text.translate(_UMLAUTS)


def _spellings(words: str, locale: str) -> tuple[tuple[str, str], ...]:
    return tuple(_spelling(word, locale) for word in words.split())


def _spelling(word: str, locale: str) -> tuple[str, str]:
    written, _, latin = word.partition("=")
    if written.lower().startswith(("von-", "van-", "de-")):
        written = written.replace("-", " ")
    if not latin:
        latin = ascii_letters(without_umlauts(written) if locale == "de" else written)
    return written, latin


_TABLE = {
    locale: tuple(_spellings(words, locale) for words in written)
    for locale, written in _WRITTEN.items()
}
_SALUTATIONS = (("Ms.", "Ms.", "Mrs.", "Dr."), ("Mr.", "Mr.", "Mr.", "Dr.", "Prof."))


def invent_name(rng: Random, locale: str) -> Name:
    """A name of that language."""
    man = rng.random() < 0.5
    given, latin_given = rng.choice(_TABLE[locale][man])
    family, latin_family = rng.choice(_TABLE[locale][2])
    return Name(given, family, latin_given, latin_family, rng.choice(_SALUTATIONS[man]))


def family_name(rng: Random, locale: str) -> str:
    """A family name of that language, as written."""
    return rng.choice(_TABLE[locale][2])[0]


def other_spelling(name: Name) -> tuple[str, str]:
    """Given and family name as another clerk would type them: never exactly the same."""
    if name.given in _NICKNAMES:
        return _NICKNAMES[name.given], name.family
    if name.latin_given + name.latin_family != name.given + name.family:
        return name.latin_given, name.latin_family
    return name.given, name.family.upper()
