/* Finds who takes part in many sentences: the compiled twin of stance/mentions.py and the rules of
   stance/actors.py, for sentences of plain characters.

   Sentences enter as UTF-8, what is known of characters and words as tables made from the Python
   modules' own lists; the mentions of each sentence leave. A sentence with a character that the
   table does not call plain is left to Python. The tests hold the two against each other, so a rule
   that changes there must change here. Nothing is kept between calls, and no byte outside of the
   arrays is read or written, whatever they hold. */

#include "_kernel.h"

/* ---- What the tables say; stance/acting.py writes them in the same order ------------------------ */

#define FOLDED 0xFFFFu
enum {
    ALNUM = 1 << 16,
    IN_WORD = 1 << 17,
    BLANK = 1 << 18,
    UPPER = 1 << 19,
    LOWER = 1 << 20,
    ALPHA = 1 << 21,
    PLAIN = 1 << 22,
    LETTER_S = 1 << 23,
};

#define BIT(n) ((uint64_t)1 << (n))
#define BEGINS_ALIAS BIT(0)
#define TITLE BIT(1)
#define NOT_NAME BIT(2)
#define PARTICLE BIT(3)
#define OPENER BIT(4)
#define ROLE BIT(5)
#define ENDS_SENTENCE BIT(6)
#define NOT_ALONE BIT(7)
#define COMMA BIT(8)
#define AND BIT(9)
#define POSSESSIVE BIT(10)
#define OUTLET BIT(11)
#define BEFORE_NAME BIT(12)
#define ACCORDING BIT(13)
#define TO BIT(14)
#define BY BIT(15)
#define NAMED BIT(16)
#define FROM BIT(17)
#define POSITION BIT(18)
#define VERB BIT(19)
#define REPORTING BIT(20)
#define TAKES_OBJECT BIT(21)
#define OBJECT_PRONOUN BIT(22)
#define PREPOSITION BIT(23)
#define AUXILIARY BIT(24)
#define BE BIT(25)
#define STATIVE BIT(26)
#define PASSED_OVER BIT(27)
#define IT_OR_HER BIT(28)
#define INVERTING BIT(29)
#define GENITIVE BIT(30)
#define BRACKET BIT(31)
#define CLOSING_BRACKET BIT(32)
#define DASH BIT(33)
#define FULL_STOP BIT(34)
#define WORD_I BIT(35)
#define PRONOUN BIT(36)
#define PRONOUN_KIND 37 /* three bits */
#define OF_TABLE (BIT(40) - 1)
/* Seen in the word itself. */
#define ADVERB BIT(40)
#define PARTICIPLE BIT(41)
#define IN_YEARS BIT(42)
#define BEGINS_UPPER BIT(43)
#define BEGINS_LOWER BIT(44)
#define IS_UPPER BIT(45)
#define IS_LOWER BIT(46)
#define CAPITALISED BIT(47)
#define SINGLE BIT(48)

enum { WOMEN, MEN, BODIES, GROUPS, NAME, ROLE_KIND, SPEAKER, PAIR };

#define COLUMNS 5

typedef struct {
    const uint32_t *characters;
    size_t n_characters;
    Vocabulary vocabulary;
    const uint64_t *flags;
    /* Canonical name times 8 plus kind, -1 for none; of any alias, and of one in capitals only. */
    const int64_t *aliases;
    const int64_t *proper_aliases;
    size_t most_words;
} Tables;

typedef struct {
    uint64_t flags;
    size_t start, end;         /* in characters of the sentence */
    size_t text, text_end;     /* in bytes of the folded words */
} Token;

typedef struct {
    size_t first, last; /* the token after the last */
    int kind;
    int64_t canonical;
} Mention;

typedef struct {
    Token *tokens;
    size_t n_tokens;
    unsigned char *folded;
    size_t n_folded;
    uint32_t *characters;
    size_t n_characters;
    Mention *mentions;
    size_t n_mentions;
} Sentence;

/* ---- Words ----------------------------------------------------------------------------------- */

/* Look up each character; 0 if one is not plain. */
static int
read_characters(const Tables *tables, Bytes text, Sentence *sentence)
{
    size_t n = 0;
    sentence->n_characters = 0;
    for (size_t i = 0; i < text.length; n++) {
        uint32_t code = text.bytes[i];
        size_t more = code < 0xC0 ? 0 : code < 0xE0 ? 1 : 2;
        if (code >= 0xF0 || (code >= 0x80 && more == 0) || i + more >= text.length) {
            return 0;
        }
        if (more) {
            code &= 0x3Fu >> more;
            for (size_t k = 1; k <= more; k++) {
                code = code << 6 | (text.bytes[i + k] & 0x3Fu);
            }
        }
        if (code >= tables->n_characters || !(tables->characters[code] & PLAIN)) {
            return 0;
        }
        sentence->characters[n] = tables->characters[code];
        i += more + 1;
    }
    sentence->n_characters = n;
    return 1;
}

static size_t
write_folded(unsigned char *to, uint32_t code)
{
    if (code < 0x80) {
        to[0] = (unsigned char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (unsigned char)(0xC0 | code >> 6);
        to[1] = (unsigned char)(0x80 | (code & 0x3F));
        return 2;
    }
    to[0] = (unsigned char)(0xE0 | code >> 12);
    to[1] = (unsigned char)(0x80 | (code >> 6 & 0x3F));
    to[2] = (unsigned char)(0x80 | (code & 0x3F));
    return 3;
}

static int
ends_with(const unsigned char *bytes, size_t length, const char *ending)
{
    size_t n = strlen(ending);
    return length >= n && memcmp(bytes + length - n, ending, n) == 0;
}

static int
holds(const unsigned char *bytes, size_t length, const char *part)
{
    size_t n = strlen(part);
    for (size_t i = 0; i + n <= length; i++) {
        if (memcmp(bytes + i, part, n) == 0) {
            return 1;
        }
    }
    return 0;
}

static size_t
find_word(const Tables *tables, const Sentence *sentence, size_t first, size_t last)
{
    size_t start = sentence->tokens[first].text;
    Bytes bytes = {sentence->folded + start, sentence->tokens[last].text_end - start};
    if (bytes.length > tables->vocabulary.longest) {
        return 0;
    }
    return find_term(&tables->vocabulary, hash_bytes(bytes), bytes);
}

static void
add_token(const Tables *tables, Sentence *sentence, size_t start, size_t end)
{
    Token *token = &sentence->tokens[sentence->n_tokens];
    const uint32_t *characters = sentence->characters;
    int upper = 0, lower = 0, alpha = 0;
    if (sentence->n_folded > 0) {
        sentence->folded[sentence->n_folded++] = ' ';
    }
    token->start = start;
    token->end = end;
    token->text = sentence->n_folded;
    for (size_t i = start; i < end; i++) {
        upper |= (characters[i] & UPPER) != 0;
        lower |= (characters[i] & LOWER) != 0;
        alpha |= (characters[i] & ALPHA) != 0;
        sentence->n_folded +=
            write_folded(sentence->folded + sentence->n_folded, characters[i] & FOLDED);
    }
    token->text_end = sentence->n_folded;
    const unsigned char *text = sentence->folded + token->text;
    size_t length = token->text_end - token->text;
    size_t term = find_word(tables, sentence, sentence->n_tokens, sentence->n_tokens);
    uint64_t flags = term ? tables->flags[term - 1] & OF_TABLE : 0;
    flags |= ends_with(text, length, "ly") ? ADVERB : 0;
    flags |= ends_with(text, length, "ed") || ends_with(text, length, "en") ? PARTICIPLE : 0;
    flags |= holds(text, length, "-year-") ? IN_YEARS : 0;
    flags |= characters[start] & UPPER ? BEGINS_UPPER : 0;
    flags |= characters[start] & LOWER ? BEGINS_LOWER : 0;
    flags |= upper && !lower ? IS_UPPER : 0;
    flags |= lower && !upper ? IS_LOWER : 0;
    flags |= (characters[start] & UPPER) && end - start > 1 && alpha ? CAPITALISED : 0;
    flags |= end - start == 1 ? SINGLE : 0;
    token->flags = flags;
    sentence->n_tokens++;
}

static int
is_sign(uint32_t character, char sign)
{
    return (character & (FOLDED | ALNUM)) == (uint32_t)sign;
}

/* Split into words and signs, as the expression in stance/mentions.py does. */
static void
tokenize(const Tables *tables, Sentence *sentence)
{
    const uint32_t *c = sentence->characters;
    size_t n = sentence->n_characters, i = 0;
    sentence->n_tokens = sentence->n_folded = 0;
    while (i < n) {
        size_t end = i + 1;
        if (c[i] & ALNUM) {
            while (end < n && ((c[end] & ALNUM) ||
                               (end + 1 < n && (c[end + 1] & ALNUM) &&
                                (is_sign(c[end], '-') || is_sign(c[end], '.') ||
                                 is_sign(c[end], '&'))))) {
                end++;
            }
        }
        else if (c[i] & (BLANK | IN_WORD)) {
            i++;
            continue;
        }
        else if (is_sign(c[i], '\'') && i + 1 < n && (c[i + 1] & LETTER_S) &&
                 (i + 2 == n || !(c[i + 2] & IN_WORD))) {
            end = i + 2;
        }
        add_token(tables, sentence, i, end);
        i = end;
    }
}

/* ---- Mentions -------------------------------------------------------------------------------- */

static uint64_t
flags_at(const Sentence *sentence, size_t i)
{
    return i < sentence->n_tokens ? sentence->tokens[i].flags : 0;
}

static int
any_of(const Sentence *sentence, size_t start, size_t stop, uint64_t wanted)
{
    for (size_t i = start; i < stop && i < sentence->n_tokens; i++) {
        if (sentence->tokens[i].flags & wanted) {
            return 1;
        }
    }
    return 0;
}

static int
match_alias(const Tables *tables, const Sentence *sentence, size_t i, Mention *found)
{
    size_t left = sentence->n_tokens - i;
    for (size_t n = left < tables->most_words ? left : tables->most_words; n > 0; n--) {
        size_t term = find_word(tables, sentence, i, i + n - 1);
        if (term == 0) {
            continue;
        }
        int64_t alias = tables->aliases[term - 1];
        if (alias < 0 && !(sentence->tokens[i].flags & IS_LOWER)) {
            alias = tables->proper_aliases[term - 1];
        }
        if (alias >= 0) {
            found->first = i;
            found->last = i + n;
            found->kind = (int)(alias & 7);
            found->canonical = alias >> 3;
            return 1;
        }
    }
    return 0;
}

static int
stands_alone(const Sentence *sentence, size_t i)
{
    uint64_t next = flags_at(sentence, i + 1);
    if (i + 1 >= sentence->n_tokens || (next & NOT_ALONE)) {
        return 0;
    }
    return (next & COMMA) || ((next & BEGINS_LOWER) && !any_of(sentence, i + 1, i + 4, AND));
}

static int
match_pronoun(const Sentence *sentence, size_t i, Mention *found)
{
    uint64_t flags = sentence->tokens[i].flags;
    int kind = (int)(flags >> PRONOUN_KIND & 7);
    if (((flags & IS_UPPER) && !(flags & WORD_I)) ||
        (kind == PAIR && !stands_alone(sentence, i))) {
        return 0;
    }
    found->first = i;
    found->last = i + 1;
    found->kind = kind;
    found->canonical = -1;
    return 1;
}

static int
is_initial(const Sentence *sentence, size_t j)
{
    const Token *tokens = sentence->tokens;
    return j + 2 < sentence->n_tokens && (tokens[j].flags & SINGLE) &&
           (tokens[j].flags & IS_UPPER) && (tokens[j + 1].flags & FULL_STOP) &&
           tokens[j + 1].start == tokens[j].end && tokens[j + 2].start == tokens[j + 1].end + 1;
}

/* As mentions._MOST_INITIALS. */
#define MOST_INITIALS 16

static size_t
end_of_capitals(const Sentence *sentence, size_t i)
{
    const Token *tokens = sentence->tokens;
    size_t end = i, j = i;
    while (j < sentence->n_tokens && j - end <= MOST_INITIALS) {
        if (j > i && tokens[j].start - tokens[j - 1].end > 1) {
            break;
        }
        if (tokens[j].flags & CAPITALISED) {
            end = ++j;
        }
        else if (j > i && (tokens[j].flags & PARTICLE)) {
            j++;
        }
        else if (is_initial(sentence, j)) {
            j += 2;
        }
        else {
            break;
        }
    }
    return end;
}

static int
match_name(const Tables *tables, const Sentence *sentence, size_t i, Mention *found)
{
    uint64_t flags = sentence->tokens[i].flags;
    if (flags & (TITLE | NOT_NAME)) {
        return 0;
    }
    size_t stop = end_of_capitals(sentence, i), first = i;
    if (stop == i) {
        return 0;
    }
    if ((i == 0 || (sentence->tokens[i - 1].flags & ENDS_SENTENCE)) &&
        ((flags & (OPENER | ADVERB)) || (stop == i + 1 && (flags & ROLE)))) {
        return 0;
    }
    for (size_t j = i; j + 1 < stop; j++) {
        if (sentence->tokens[j].flags & TITLE) {
            first = j + 1;
        }
    }
    if (first > i && (sentence->tokens[first].flags & BEGINS_ALIAS) &&
        match_alias(tables, sentence, first, found)) {
        return 1;
    }
    found->first = first;
    found->last = stop;
    found->kind = NAME;
    found->canonical = -1;
    return 1;
}

static int
match_role(const Sentence *sentence, size_t i, Mention *found)
{
    size_t last = i + 1;
    while (last < sentence->n_tokens && (sentence->tokens[last].flags & ROLE)) {
        last++;
    }
    found->first = i;
    found->last = last;
    found->kind = ROLE_KIND;
    found->canonical = -1;
    return 1;
}

static int
match_at(const Tables *tables, const Sentence *sentence, size_t i, Mention *found)
{
    uint64_t flags = sentence->tokens[i].flags;
    if ((flags & BEGINS_ALIAS) && match_alias(tables, sentence, i, found)) {
        return 1;
    }
    if (flags & PRONOUN) {
        return match_pronoun(sentence, i, found);
    }
    if ((flags & BEGINS_UPPER) && match_name(tables, sentence, i, found)) {
        return 1;
    }
    return flags & (ROLE | IN_YEARS) ? match_role(sentence, i, found) : 0;
}

static int
is_pronoun(const Mention *mention)
{
    return mention->canonical < 0 && mention->kind != NAME && mention->kind != ROLE_KIND;
}

static int
introduces(const Sentence *sentence, const Mention *before, const Mention *after)
{
    int title = before->kind == ROLE_KIND || before->kind == BODIES || before->kind == GROUPS;
    if (is_pronoun(before) || is_pronoun(after)) {
        return 0;
    }
    for (size_t i = sentence->tokens[before->last - 1].end;
         i < sentence->tokens[after->first].start; i++) {
        if (!(sentence->characters[i] & BLANK)) {
            return 0;
        }
    }
    if (after->kind == WOMEN || after->kind == MEN || after->kind == NAME) {
        return title || before->canonical == after->canonical;
    }
    return after->kind == ROLE_KIND && title;
}

static void
find_mentions(const Tables *tables, Sentence *sentence)
{
    size_t i = 0;
    sentence->n_mentions = 0;
    while (i < sentence->n_tokens) {
        Mention found;
        if (!match_at(tables, sentence, i, &found)) {
            i++;
            continue;
        }
        while (sentence->n_mentions > 0 &&
               introduces(sentence, &sentence->mentions[sentence->n_mentions - 1], &found)) {
            sentence->n_mentions--;
        }
        sentence->mentions[sentence->n_mentions++] = found;
        i = found.last;
    }
}

/* ---- Who takes part -------------------------------------------------------------------------- */

static size_t
skip_apposition(const Sentence *sentence, size_t i)
{
    uint64_t opening = flags_at(sentence, i);
    if (i + 1 < sentence->n_tokens && (opening & (COMMA | BRACKET | DASH))) {
        uint64_t closing = opening & COMMA ? COMMA : opening & DASH ? DASH : CLOSING_BRACKET;
        for (size_t j = i + 2; j < i + 16 && j < sentence->n_tokens; j++) {
            if (sentence->tokens[j].flags & closing) {
                return j + 1;
            }
        }
    }
    return i;
}

static int
finds_verb(const Sentence *sentence, size_t i, int contracted)
{
    int seen_be = contracted, seen_auxiliary = contracted;
    i = skip_apposition(sentence, i);
    for (size_t stop = i + 6; i < stop && i < sentence->n_tokens; i++) {
        uint64_t flags = sentence->tokens[i].flags;
        if (flags & AUXILIARY) {
            seen_be = (flags & BE) != 0;
            seen_auxiliary = 1;
        }
        else if ((flags & STATIVE) && seen_be) {
            return 1;
        }
        else if (flags & VERB) {
            return !(seen_be && (flags & PARTICIPLE));
        }
        else if (!(flags & (PASSED_OVER | ADVERB))) {
            break;
        }
    }
    return seen_auxiliary && !seen_be;
}

static int
is_source(const Sentence *sentence, size_t first)
{
    uint64_t lead[4];
    size_t n = 0;
    uint64_t all = 0;
    for (size_t i = first < 4 ? 0 : first - 4; i < first; i++) {
        if (!(sentence->tokens[i].flags & BEFORE_NAME)) {
            lead[n++] = sentence->tokens[i].flags;
            all |= lead[n - 1];
        }
    }
    if (n == 0) {
        return 0;
    }
    uint64_t last = lead[n - 1], before = n > 1 ? lead[n - 2] : 0;
    if ((before & ACCORDING) && (last & TO)) {
        return 1;
    }
    if ((last & BY) && !(all & NAMED)) {
        return any_of(sentence, first < 6 ? 0 : first - 6, first, POSITION | VERB);
    }
    if (last & FROM) {
        for (size_t i = 0; i + 1 < n; i++) {
            if (lead[i] & POSITION) {
                return 1;
            }
        }
        return 0;
    }
    return (before & INVERTING) && (last & REPORTING) && !(last & TAKES_OBJECT) &&
           !(sentence->tokens[first].flags & IT_OR_HER);
}

static int
takes_part(const Sentence *sentence, size_t first, size_t last)
{
    uint64_t word = sentence->tokens[first].flags;
    uint64_t before = first ? sentence->tokens[first - 1].flags : 0;
    if (word & POSSESSIVE) {
        return any_of(sentence, last, last + 3, POSITION);
    }
    if ((before & POSSESSIVE) || any_of(sentence, last, last + 3, OUTLET) ||
        any_of(sentence, first < 2 ? 0 : first - 2, first, OUTLET)) {
        return 0;
    }
    if (is_source(sentence, first)) {
        return 1;
    }
    if (word & OBJECT_PRONOUN) {
        return 0;
    }
    if (flags_at(sentence, last) & GENITIVE) {
        return any_of(sentence, last + 1, last + 4, POSITION) || finds_verb(sentence, last + 1, 1);
    }
    return !(before & PREPOSITION) && finds_verb(sentence, last, 0);
}

/* ---- What Python calls ----------------------------------------------------------------------- */

/* Write the mentions of each sentence, and where those of each end; -1 for one left to Python. */
static int
find_all(const Tables *tables, Bytes data, Numbers ends, size_t longest, int64_t *rows,
         size_t capacity, int64_t *counts)
{
    Sentence sentence = {0};
    size_t written = 0;
    sentence.tokens = malloc((longest + 1) * sizeof(Token));
    sentence.folded = malloc(4 * longest + 4);
    sentence.characters = malloc((longest + 1) * sizeof(uint32_t));
    sentence.mentions = malloc((longest + 1) * sizeof(Mention));
    int done = sentence.tokens && sentence.folded && sentence.characters && sentence.mentions;
    for (size_t i = 0; done && i < ends.count; i++) {
        Bytes text;
        counts[i] = -1;
        if (!find_piece(data, ends, i, &text) || text.length > longest ||
            !read_characters(tables, text, &sentence)) {
            continue;
        }
        tokenize(tables, &sentence);
        find_mentions(tables, &sentence);
        if (sentence.n_mentions > capacity - written) {
            continue;
        }
        counts[i] = (int64_t)sentence.n_mentions;
        for (size_t k = 0; k < sentence.n_mentions; k++, written++) {
            const Mention *mention = &sentence.mentions[k];
            int64_t *row = rows + written * COLUMNS;
            row[0] = (int64_t)sentence.tokens[mention->first].start;
            row[1] = (int64_t)sentence.tokens[mention->last - 1].end;
            row[2] = mention->kind;
            row[3] = mention->canonical;
            row[4] = takes_part(&sentence, mention->first, mention->last);
        }
    }
    free(sentence.tokens);
    free(sentence.folded);
    free(sentence.characters);
    free(sentence.mentions);
    return done;
}

static int
read_tables(const Py_buffer *characters, const Py_buffer *terms, const Py_buffer *term_ends,
            const Py_buffer *slots, const Py_buffer *words, Tables *tables)
{
    Numbers numbers;
    if (characters->len % 4 != 0 || ((uintptr_t)characters->buf & 3) != 0) {
        return fail("the table of characters is no array of uint32");
    }
    tables->characters = characters->buf;
    tables->n_characters = (size_t)characters->len / 4;
    if (!read_vocabulary(terms, term_ends, slots, &tables->vocabulary) ||
        !as_numbers(words, &numbers, "the table of words is no array of int64")) {
        return 0;
    }
    size_t n_terms = tables->vocabulary.ends.count;
    if (numbers.count % 3 != 0 || numbers.count / 3 != n_terms) {
        return fail("there are not three numbers for each word");
    }
    tables->flags = numbers.items;
    tables->aliases = (const int64_t *)numbers.items + n_terms;
    tables->proper_aliases = tables->aliases + n_terms;
    return 1;
}

PyObject *
stance_find_acting(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer data, ends, characters, terms, term_ends, slots, words, rows, counts;
    Py_ssize_t most_words;
    Tables tables;
    Numbers texts, out, numbers;
    size_t longest;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*y*nw*w*", &data, &ends, &characters, &terms,
                          &term_ends, &slots, &words, &most_words, &rows, &counts)) {
        return NULL;
    }
    Bytes all = {data.buf, (size_t)data.len};
    if (read_tables(&characters, &terms, &term_ends, &slots, &words, &tables) &&
        as_numbers(&ends, &texts, "the ends of the sentences are no array of uint64") &&
        as_numbers(&rows, &out, "the rows are no array of int64") &&
        as_numbers(&counts, &numbers, "the counts are no array of int64")) {
        if (!check_pieces(all, texts, &longest)) {
            fail("the ends of the sentences lie outside of them");
        }
        else if (numbers.count != texts.count) {
            fail("there is not one count for each sentence");
        }
        else if (most_words < 1) {
            fail("an alias has one word or more");
        }
        else {
            int done;
            tables.most_words = (size_t)most_words;
            Py_BEGIN_ALLOW_THREADS
            done = find_all(&tables, all, texts, longest, rows.buf, out.count / COLUMNS,
                            counts.buf);
            Py_END_ALLOW_THREADS
            result = done ? Py_NewRef(Py_None) : PyErr_NoMemory();
        }
    }
    PyBuffer_Release(&data);
    PyBuffer_Release(&ends);
    PyBuffer_Release(&characters);
    PyBuffer_Release(&terms);
    PyBuffer_Release(&term_ends);
    PyBuffer_Release(&slots);
    PyBuffer_Release(&words);
    PyBuffer_Release(&rows);
    PyBuffer_Release(&counts);
    return result;
}
