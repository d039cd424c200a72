/* Counts n-grams and sums up their weights: the inner loop of stance/batch.py.

   Texts enter as UTF-8 with the place where each ends, a vocabulary as a hash table over its terms,
   weights as float64; scores leave. Pieces of text, terms and texts alike, stand behind each other
   with a line feed after each, and come with the place of each line feed.

   Nothing is kept between calls, no memory is handed out, and the interpreter's lock is let go
   while a block is scored. Whatever the arrays hold, no byte outside of them is read or written:
   lengths are checked once on entry, and each number that comes out of an array and is used as an
   index is compared with the length of what it indexes.

   stance/batch.py does the same in Python, and the tests hold the two against each other. */

#include "_kernel.h"

#include <math.h>

#if defined(__GNUC__) || defined(__clang__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)0)
#endif

#define MOST_CLASSES 16
/* N-grams looked up together, so that their slots are fetched from memory at the same time. */
#define BATCH 64

enum { WORD = 1, SPACE = 2 };

/* ---- Texts --------------------------------------------------------------------------------- */

/* A text's words, with one space between them and at either end, and hashes of its beginnings:
   that of any stretch follows from two of them. */
typedef struct {
    unsigned char *bytes;
    size_t length;
    uint64_t *hashes;
    size_t *starts;
    size_t *stops;
    size_t n_words;
} Words;

/* Return the class of the character at `bytes`, and how many bytes it has. */
static int
read_character(const unsigned char *bytes, size_t left, const unsigned char *classes, size_t *size)
{
    unsigned char first = bytes[0];
    uint32_t code = first;
    size_t more = first < 0xC0 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    *size = 1;
    if (first < 0x80) {
        return classes[first];
    }
    if (more == 0 || more >= left) {
        return 0;
    }
    code = first & (0x3Fu >> more);
    for (size_t i = 1; i <= more; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
        code = code << 6 | (bytes[i] & 0x3Fu);
    }
    *size = more + 1;
    return code < CODE_POINTS ? classes[code] : 0;
}

/* Take the words of a text: runs of letters and digits, or of whatever is no white space. */
static void
take_words(Bytes text, const unsigned char *classes, int is_word, Words *words)
{
    size_t length = 1, place = 0;
    int inside = 0;
    words->bytes[0] = ' ';
    words->n_words = 0;
    while (place < text.length) {
        size_t size;
        int class = read_character(text.bytes + place, text.length - place, classes, &size);
        int belongs = is_word ? (class & WORD) != 0 : (class & SPACE) == 0;
        if (belongs) {
            if (!inside) {
                words->starts[words->n_words] = length;
            }
            for (size_t i = 0; i < size; i++) {
                words->bytes[length++] = text.bytes[place + i];
            }
        }
        else if (inside) {
            words->stops[words->n_words++] = length;
            words->bytes[length++] = ' ';
        }
        inside = belongs;
        place += size;
    }
    if (inside) {
        words->stops[words->n_words++] = length;
        words->bytes[length++] = ' ';
    }
    words->length = length;
    words->hashes[0] = 0;
    for (size_t i = 0; i < length; i++) {
        words->hashes[i + 1] = words->hashes[i] * BASE + words->bytes[i] + 1;
    }
}

/* ---- Counting ------------------------------------------------------------------------------ */

typedef struct {
    size_t start;
    size_t length;
    uint64_t hash;
} Stretch;

typedef struct {
    const Vocabulary *vocabulary;
    const uint64_t *powers;
    uint32_t *counts;
    uint32_t *met;
    size_t n_met;
    Stretch waiting[BATCH];
    size_t n_waiting;
} Counter;

static void
look_up(Counter *counter, const Words *words)
{
    for (size_t i = 0; i < counter->n_waiting; i++) {
        Stretch stretch = counter->waiting[i];
        Bytes bytes = {words->bytes + stretch.start, stretch.length};
        size_t number = find_term(counter->vocabulary, stretch.hash, bytes);
        if (number != 0 && counter->counts[number - 1]++ == 0) {
            counter->met[counter->n_met++] = (uint32_t)(number - 1);
        }
    }
    counter->n_waiting = 0;
}

static void
count_stretch(Counter *counter, const Words *words, size_t start, size_t stop)
{
    size_t length = stop - start;
    if (length > counter->vocabulary->longest) {
        return;
    }
    uint64_t hash = mix(words->hashes[stop] - words->hashes[start] * counter->powers[length]);
    PREFETCH(&counter->vocabulary->slots[(size_t)hash & counter->vocabulary->mask]);
    Stretch stretch = {start, length, hash};
    counter->waiting[counter->n_waiting++] = stretch;
    if (counter->n_waiting == BATCH) {
        look_up(counter, words);
    }
}

static void
count_word_ngrams(Counter *counter, const Words *words, size_t low, size_t high)
{
    for (size_t i = 0; i < words->n_words; i++) {
        for (size_t n = low; n <= high && i + n <= words->n_words; n++) {
            count_stretch(counter, words, words->starts[i], words->stops[i + n - 1]);
        }
    }
    look_up(counter, words);
}

static size_t
next_character(const Words *words, size_t place)
{
    do {
        place++;
    } while (place < words->length && (words->bytes[place] & 0xC0) == 0x80);
    return place;
}

static void
count_char_ngrams(Counter *counter, const Words *words, size_t low, size_t high)
{
    for (size_t i = 0; i < words->n_words; i++) {
        size_t begin = words->starts[i] - 1, end = words->stops[i] + 1;
        for (size_t start = begin; start < end; start = next_character(words, start)) {
            size_t n = 0, stop = start;
            while (n < high && stop < end) {
                stop = next_character(words, stop);
                n++;
                /* A word shorter than the shortest n-gram counts once, as in scikit-learn. */
                if (n >= low || (start == begin && stop == end)) {
                    count_stretch(counter, words, start, stop);
                }
            }
        }
    }
    look_up(counter, words);
}

/* Add to a row's scores what the counted terms say; forget the counts. */
static void
add_up(Counter *counter, const double *weights, size_t n_classes, double weight, double *scores)
{
    double sums[MOST_CLASSES] = {0.0};
    double squares = 0.0;
    for (size_t i = 0; i < counter->n_met; i++) {
        if (i + 8 < counter->n_met) {
            PREFETCH(&weights[counter->met[i + 8] * (n_classes + 1)]);
        }
        size_t term = counter->met[i];
        const double *row = &weights[term * (n_classes + 1)];
        uint32_t count = counter->counts[term];
        double value = count == 1 ? row[0] : (log((double)count) + 1.0) * row[0];
        squares += value * value;
        for (size_t k = 0; k < n_classes; k++) {
            sums[k] += value * row[k + 1];
        }
        counter->counts[term] = 0;
    }
    counter->n_met = 0;
    if (squares > 0.0) {
        double scale = weight / sqrt(squares);
        for (size_t k = 0; k < n_classes; k++) {
            scores[k] += sums[k] * scale;
        }
    }
}

/* ---- What Python calls --------------------------------------------------------------------- */

typedef struct {
    Bytes data;
    Numbers ends;
    const unsigned char *classes;
    const double *weights;
    size_t n_classes;
    int is_word;
    size_t low;
    size_t high;
    double weight;
    double *scores;
} Task;

static int
score_rows(const Task *task, const Vocabulary *vocabulary, size_t longest)
{
    size_t n_terms = vocabulary->ends.count, room = longest + 3;
    uint64_t *powers = calloc(vocabulary->longest + 1, sizeof(uint64_t));
    Words words = {0};
    Counter counter = {0};
    words.bytes = malloc(room);
    words.hashes = malloc((room + 1) * sizeof(uint64_t));
    words.starts = malloc((room / 2 + 1) * sizeof(size_t));
    words.stops = malloc((room / 2 + 1) * sizeof(size_t));
    counter.counts = calloc(n_terms, sizeof(uint32_t));
    counter.met = malloc(n_terms * sizeof(uint32_t));
    int done = powers && words.bytes && words.hashes && words.starts && words.stops &&
               counter.counts && counter.met;
    if (done) {
        powers[0] = 1;
        for (size_t i = 1; i <= vocabulary->longest; i++) {
            powers[i] = powers[i - 1] * BASE;
        }
        counter.vocabulary = vocabulary;
        counter.powers = powers;
        for (size_t row = 0; row < task->ends.count; row++) {
            Bytes text;
            if (!find_piece(task->data, task->ends, row, &text) || text.length > longest) {
                break; /* an array that was changed from outside in the meantime */
            }
            take_words(text, task->classes, task->is_word, &words);
            (task->is_word ? count_word_ngrams : count_char_ngrams)(
                &counter, &words, task->low, task->high);
            add_up(&counter, task->weights, task->n_classes, task->weight,
                   task->scores + row * task->n_classes);
        }
    }
    free(powers);
    free(words.bytes);
    free(words.hashes);
    free(words.starts);
    free(words.stops);
    free(counter.counts);
    free(counter.met);
    return done;
}

static int
read_task(const Py_buffer *data, const Py_buffer *ends, const Py_buffer *classes,
          const Py_buffer *weights, const Py_buffer *scores, size_t n_terms, Task *task,
          size_t *longest)
{
    Numbers numbers;
    task->data.bytes = data->buf;
    task->data.length = (size_t)data->len;
    if (!as_numbers(ends, &task->ends, "the ends of the texts are no array of uint64")) {
        return 0;
    }
    if (!check_pieces(task->data, task->ends, longest)) {
        return fail("the ends of the texts lie outside of them");
    }
    if (classes->len != CODE_POINTS) {
        return fail("there is not one class for each character");
    }
    task->classes = classes->buf;
    if (!as_numbers(weights, &numbers, "the weights are no array of float64")) {
        return 0;
    }
    if (n_terms == 0 || numbers.count % n_terms != 0 || numbers.count / n_terms < 2 ||
        numbers.count / n_terms > MOST_CLASSES + 1) {
        return fail("there is not one row of weights for each term");
    }
    task->weights = weights->buf;
    task->n_classes = numbers.count / n_terms - 1;
    if (!as_numbers(scores, &numbers, "the scores are no array of float64")) {
        return 0;
    }
    if (numbers.count % task->n_classes != 0 ||
        numbers.count / task->n_classes != task->ends.count) {
        return fail("there is not one row of scores for each text");
    }
    task->scores = scores->buf;
    return 1;
}

PyDoc_STRVAR(index_terms_doc,
"index_terms(terms, ends, slots)\n--\n\n"
"Fill the hash table of a vocabulary.");

static PyObject *
index_terms(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer terms, ends, slots;
    Vocabulary vocabulary;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*y*w*", &terms, &ends, &slots)) {
        return NULL;
    }
    if (read_vocabulary(&terms, &ends, &slots, &vocabulary)) {
        if (fill_slots(&vocabulary, slots.buf)) {
            result = Py_None;
            Py_INCREF(result);
        }
        else {
            fail("too many terms have one hash value");
        }
    }
    PyBuffer_Release(&terms);
    PyBuffer_Release(&ends);
    PyBuffer_Release(&slots);
    return result;
}

PyDoc_STRVAR(add_scores_doc,
"add_scores(data, ends, classes, terms, term_ends, slots, weights, is_word, low, high, weight, "
"scores)\n--\n\n"
"Add to the scores of each text what the terms of one block say.");

static PyObject *
add_scores(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_buffer data, ends, classes, terms, term_ends, slots, weights, scores;
    Py_ssize_t low, high;
    Vocabulary vocabulary;
    Task task;
    size_t longest;
    PyObject *result = NULL;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*y*pnndw*", &data, &ends, &classes, &terms, &term_ends,
                          &slots, &weights, &task.is_word, &low, &high, &task.weight, &scores)) {
        return NULL;
    }
    if (low < 1 || high < low) {
        fail("the lengths of the n-grams are not 1 or more, the shortest first");
    }
    else if (read_vocabulary(&terms, &term_ends, &slots, &vocabulary) &&
             read_task(&data, &ends, &classes, &weights, &scores, vocabulary.ends.count, &task,
                       &longest)) {
        int done;
        task.low = (size_t)low;
        task.high = (size_t)high;
        Py_BEGIN_ALLOW_THREADS
        done = score_rows(&task, &vocabulary, longest);
        Py_END_ALLOW_THREADS
        if (done) {
            result = Py_None;
            Py_INCREF(result);
        }
        else {
            PyErr_NoMemory();
        }
    }
    PyBuffer_Release(&data);
    PyBuffer_Release(&ends);
    PyBuffer_Release(&classes);
    PyBuffer_Release(&terms);
    PyBuffer_Release(&term_ends);
    PyBuffer_Release(&slots);
    PyBuffer_Release(&weights);
    PyBuffer_Release(&scores);
    return result;
}

PyDoc_STRVAR(find_acting_doc,
"find_acting(data, ends, characters, terms, term_ends, slots, words, most_words, rows, counts)\n"
"--\n\n"
"Find the mentions of sentences, and whether each takes part.");

static PyMethodDef methods[] = {
    {"index_terms", index_terms, METH_VARARGS, index_terms_doc},
    {"add_scores", add_scores, METH_VARARGS, add_scores_doc},
    {"find_acting", stance_find_acting, METH_VARARGS, find_acting_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots_of_module[] = {
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    "stance._kernel",
    "The compiled inner loop of stance.batch.",
    0,
    methods,
    slots_of_module,
    NULL,
    NULL,
    NULL,
};

PyMODINIT_FUNC
PyInit__kernel(void)
{
    return PyModuleDef_Init(&definition);
}
