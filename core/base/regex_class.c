/* The named character classes of Go's regular expressions. */
#include "regex_syntax.h"

enum { ASCII = 128, LONG_S = 0x17f, KELVIN = 0x212a, LAST = 0x10ffff };

static const struct {
    slice name;
    const char *ranges; /* pairs of first and last byte */
    size_t n;
} ascii_classes[] = {
#define CLASS(name, ranges)                                                                                  \
    {                                                                                                        \
        SLICE(name), ranges, sizeof(ranges) - 1                                                              \
    }
    CLASS("\\d", "09"),         CLASS("\\s", "\t\n\f\r  "),
    CLASS("\\w", "09AZ__az"),   CLASS("alnum", "09AZaz"),
    CLASS("alpha", "AZaz"),     CLASS("ascii", "\0\x7f"),
    CLASS("blank", "\t\t  "),   CLASS("cntrl", "\0\x1f\x7f\x7f"),
    CLASS("digit", "09"),       CLASS("graph", "!~"),
    CLASS("lower", "az"),       CLASS("print", " ~"),
    CLASS("punct", "!/:@[`{~"), CLASS("space", "\t\r  "),
    CLASS("upper", "AZ"),       CLASS("word", "09AZ__az"),
    CLASS("xdigit", "09AFaf"),
#undef CLASS
};

static void put_range(struct buf *out, unsigned first, unsigned last)
{
    if (first <= last)
        buf_fmt(out, "\\x{%x}-\\x{%x}", first, last);
}

/* Both cases of each letter; true in `other` for the two characters beyond ASCII that fold to s and k. */
static void fold_ascii(bool in[ASCII], bool other[2])
{
    for (int c = 'a'; c <= 'z'; c++)
        in[c] = in[c - 32] = in[c] || in[c - 32];
    other[0] = in['s'];
    other[1] = in['k'];
}

bool regex_put_ascii_class(struct buf *out, slice name, bool negated, bool fold)
{
    size_t k = 0, count = COUNT(ascii_classes);
    while (k < count && !slice_eq(ascii_classes[k].name, name))
        k++;
    if (k == count)
        return false;
    bool in[ASCII] = {0}, other[2] = {0};
    for (size_t i = 0; i < ascii_classes[k].n; i += 2)
        for (int c = ascii_classes[k].ranges[i]; c <= ascii_classes[k].ranges[i + 1]; c++)
            in[c] = true;
    if (fold)
        fold_ascii(in, other);
    for (int c = 0; c < ASCII; c++) {
        int first = c;
        while (c < ASCII && in[c] != negated)
            c++;
        if (c > first)
            put_range(out, (unsigned)first, (unsigned)c - 1);
    }
    if (negated) {
        unsigned from = ASCII;
        if (other[0]) {
            put_range(out, from, LONG_S - 1);
            from = LONG_S + 1;
        }
        if (other[1]) {
            put_range(out, from, KELVIN - 1);
            from = KELVIN + 1;
        }
        put_range(out, from, LAST);
        return true;
    }
    if (other[0])
        put_range(out, LONG_S, LONG_S);
    if (other[1])
        put_range(out, KELVIN, KELVIN);
    return true;
}

/* [Go: unicode/tables.go, Categories] */
static const char categories[] =
    " C Cc Cf Cn Co Cs L Lc Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl "
    "Zp Zs ";

/* [Go: unicode/tables.go, CategoryAliases] without spaces, dashes and underscores */
static const char *const long_names[][2] = {
    {"Casedletter", "Lc"},
    {"Closepunctuation", "Pe"},
    {"Combiningmark", "M"},
    {"Connectorpunctuation", "Pc"},
    {"Control", "Cc"},
    {"Currencysymbol", "Sc"},
    {"Dashpunctuation", "Pd"},
    {"Decimalnumber", "Nd"},
    {"Enclosingmark", "Me"},
    {"Finalpunctuation", "Pf"},
    {"Format", "Cf"},
    {"Initialpunctuation", "Pi"},
    {"Letter", "L"},
    {"Letternumber", "Nl"},
    {"Lineseparator", "Zl"},
    {"Lowercaseletter", "Ll"},
    {"Mark", "M"},
    {"Mathsymbol", "Sm"},
    {"Modifierletter", "Lm"},
    {"Modifiersymbol", "Sk"},
    {"Nonspacingmark", "Mn"},
    {"Number", "N"},
    {"Openpunctuation", "Ps"},
    {"Other", "C"},
    {"Otherletter", "Lo"},
    {"Othernumber", "No"},
    {"Otherpunctuation", "Po"},
    {"Othersymbol", "So"},
    {"Paragraphseparator", "Zp"},
    {"Privateuse", "Co"},
    {"Punctuation", "P"},
    {"Separator", "Z"},
    {"Spaceseparator", "Zs"},
    {"Spacingmark", "Mc"},
    {"Surrogate", "Cs"},
    {"Symbol", "S"},
    {"Titlecaseletter", "Lt"},
    {"Unassigned", "Cn"},
    {"Uppercaseletter", "Lu"},
    {"Cntrl", "Cc"},
    {"Digit", "Nd"},
    {"Punct", "P"},
};

/* [Go: unicode/tables.go, Scripts]; those of several words cannot be named in a pattern since Go 1.25. */
static const char scripts[] =
    " Adlam Ahom Arabic Armenian Avestan Balinese Bamum Batak Bengali Bhaiksuki Bopomofo Brahmi Braille "
    "Buginese Buhid Carian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cyrillic Deseret "
    "Devanagari Dogra Duployan Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati "
    "Gurmukhi Han Hangul Hanunoo Hatran Hebrew Hiragana Inherited Javanese Kaithi Kannada Katakana Kawi "
    "Kharoshthi Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Lisu Lycian Lydian Mahajani Makasar Malayalam "
    "Mandaic Manichaean Marchen Medefaidrin Miao Modi Mongolian Mro Multani Myanmar Nabataean Nandinagari "
    "Newa Nko Nushu Ogham Oriya Osage Osmanya Palmyrene Phoenician Rejang Runic Samaritan Saurashtra Sharada "
    "Shavian Siddham Sinhala Sogdian Soyombo Sundanese Syriac Tagalog Tagbanwa Takri Tamil Tangsa Tangut "
    "Telugu Thaana Thai Tibetan Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Yezidi Yi ";

static bool listed(const char *list, slice name)
{
    char word[40];
    if (name.n == 0 || name.n + 2 > sizeof word)
        return false;
    int n = snprintf(word, sizeof word, " %.*s ", FMT(name));
    return slice_find(slice_of(list), (slice){word, (size_t)n}) != SLICE_NONE;
}

/* Normalises a name as Go does before look-up: first letter upper case, the others lower case, no spaces, dashes and
 * underscores. Returns the empty slice when anything but letters is left. */
static slice canonical(slice name, char *room, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (c == '_' || c == '-' || c == ' ')
            continue;
        bool upper = c >= 'A' && c <= 'Z';
        if (n == size || (!upper && !(c >= 'a' && c <= 'z')))
            return (slice){0};
        room[n] = (char)(n == 0 ? c & ~32 : c | 32);
        n++;
    }
    return (slice){room, n};
}

bool regex_put_unicode_class(struct buf *out, slice name, bool negated, bool fold)
{
    char room[40];
    name = canonical(name, room, sizeof room);
    for (size_t i = 0; i < COUNT(long_names); i++)
        if (slice_eq(name, slice_of(long_names[i][0])))
            name = slice_of(long_names[i][1]);
    if (slice_eq(name, LIT("Assigned"))) {
        name = LIT("Cn");
        negated = !negated;
    }
    if (slice_eq(name, LIT("Ascii")))
        return regex_put_ascii_class(out, LIT("ascii"), negated, fold);
    if (slice_eq(name, LIT("Any"))) {
        buf_put(out, negated ? LIT("\\P{Any}") : LIT("\\p{Any}"));
        return true;
    }
    if (listed(categories, name)) {
        bool cased = slice_eq(name, LIT("Lu")) || slice_eq(name, LIT("Ll")) || slice_eq(name, LIT("Lt"));
        if (slice_eq(name, LIT("Lc")) || (fold && cased))
            name = LIT("L&");
        buf_fmt(out, "\\%c{%.*s}", negated ? 'P' : 'p', FMT(name));
        return true;
    }
    if (!listed(scripts, name))
        return false;
    buf_fmt(out, "\\%c{sc:%.*s}", negated ? 'P' : 'p', FMT(name));
    return true;
}
