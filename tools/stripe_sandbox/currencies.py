"""What Stripe does with currencies: which it takes, how many digits it counts in, the least and the most it charges.

Figures are those of Stripe's page "Supported currencies". Amounts are always Stripe's own integers.
"""

TWO_DIGITS = frozenset(
    """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc
    cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr
    kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk
    php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx usd
    uyu uzs wst xcd yer zar zmw
    """.split()
)
NO_DIGITS = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DIGITS = frozenset("bhd jod kwd omr tnd".split())
SUPPORTED = TWO_DIGITS | NO_DIGITS | THREE_DIGITS

# They have no smaller unit, but Stripe still counts them in hundredths.
WHOLE_HUNDREDS = frozenset({"isk", "ugx"})

MINIMUM = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50,
    "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50,
    "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
MOST_DIGITS = {"idr": 12, "lbp": 12, "cop": 10, "huf": 10, "jpy": 10, "inr": 9}
USUAL_MOST_DIGITS = 8

SIGNS = {"eur": "€", "gbp": "£", "usd": "US$", "jpy": "¥", "aud": "A$", "cad": "CA$", "inr": "₹"}


def digits(currency: str) -> int:
    """Return how many decimal places Stripe's integers of a currency stand for."""
    if currency in NO_DIGITS:
        return 0
    return 3 if currency in THREE_DIGITS else 2


def minimum(currency: str) -> int:
    """Return the least that can be charged; where Stripe converts to find it, one unit."""
    return MINIMUM.get(currency, 1)


def maximum(currency: str) -> int:
    """Return the most that can be charged."""
    return 10 ** MOST_DIGITS.get(currency, USUAL_MOST_DIGITS) - 1


def step(currency: str) -> int:
    """Return what an amount must be a multiple of."""
    if currency in WHOLE_HUNDREDS:
        return 100
    return 10 if currency in THREE_DIGITS else 1


def written(amount: int, currency: str) -> str:
    """Return an amount for people: €24.00."""
    places = digits(currency)
    whole, rest = divmod(abs(amount), 10**places)
    number = f"{whole:,}" + (f".{rest:0{places}}" if places else "")
    sign = SIGNS.get(currency, f"{currency.upper()} ")
    return f"{'−' if amount < 0 else ''}{sign}{number}"
