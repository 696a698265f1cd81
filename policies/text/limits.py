"""How large a text may be that somebody brings along, and what it may grow to. All such limits stand here, once.

Real texts are far below each of them. A small file can stand for a large text (a reference used a thousand times, a
note, a table whose rows are short), so what a file would become counts as well as what it is.
"""

# --- Every text ----------------------------------------------------------------------------------------------------
MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_LENGTH = 10_000_000  # characters, once references, notes and attributes stand wherever they are shown
MAX_DEPTH = 100  # parsers drop what is nested some 250 deep
MAX_ATTRIBUTES = 100  # of a tag: readers take far too long over more
FREE_ATTRIBUTES = 50  # characters of attributes that may stand around any number of words

# --- Markdown: more of these takes the parser minutes ----------------------------------------------------------------
MAX_LINES = 50_000
MAX_BRACKETS = 50_000
MAX_BARS = 40_000
MAX_CELLS = 50_000  # of all tables, with those that fill up short rows
MAX_MARKS = 150_000  # * _ ` & < \
MAX_NESTED = 50_000  # lists and quotations inside of others
MAX_LOOKS = 1_500_000  # for the ends of brackets that are not closed

# --- Word ------------------------------------------------------------------------------------------------------------
MAX_ENTRIES = 2_000
MAX_UNPACKED = 50 * 1024 * 1024
MAX_RATIO = 300  # zip bombs reach about 1000, the XML of real files some 20
SMALL_ENTRY = 1024 * 1024  # may shrink by more
MAX_XML_BYTES = 20 * 1024 * 1024
MAX_ELEMENTS = 200_000
