/* What the parts of the compiled kernel share: pieces of text, and a vocabulary to find them in. */

#ifndef STANCE_KERNEL_H
#define STANCE_KERNEL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CODE_POINTS 0x110000
/* Terms of one hash value behind each other; more come from a vocabulary made to slow us down. */
#define LONGEST_CHAIN 256

static const uint64_t BASE = 0x9E3779B97F4A7C55ULL;
static const uint64_t MIXER = 0xD6E8FEB86659FD93ULL;

/* ---- Buffers ------------------------------------------------------------------------------- */

typedef struct {
    const unsigned char *bytes;
    size_t length;
} Bytes;

typedef struct {
    const uint64_t *items;
    size_t count;
} Numbers;

static int
fail(const char *message)
{
    PyErr_SetString(PyExc_ValueError, message);
    return 0;
}

static int
as_numbers(const Py_buffer *view, Numbers *numbers, const char *message)
{
    if (view->len % 8 != 0 || ((uintptr_t)view->buf & 7) != 0) {
        return fail(message);
    }
    numbers->items = view->buf;
    numbers->count = (size_t)view->len / 8;
    return 1;
}

/* Find piece `i`, or return 0 where it does not lie inside of the bytes. */
static int
find_piece(Bytes all, Numbers ends, size_t i, Bytes *piece)
{
    uint64_t start = i ? ends.items[i - 1] + 1 : 0;
    uint64_t end = ends.items[i];
    if (start > end || end > all.length) {
        return 0;
    }
    piece->bytes = all.bytes + start;
    piece->length = (size_t)(end - start);
    return 1;
}

/* Check that all pieces lie inside of the bytes; return the length of the longest. */
static int
check_pieces(Bytes all, Numbers ends, size_t *longest)
{
    Bytes piece;
    *longest = 0;
    for (size_t i = 0; i < ends.count; i++) {
        if (!find_piece(all, ends, i, &piece)) {
            return 0;
        }
        if (piece.length > *longest) {
            *longest = piece.length;
        }
    }
    return 1;
}

/* ---- The vocabulary ------------------------------------------------------------------------ */

/* A slot is 0, or a tag of 32 bits of the hash over the number of a term plus one. */
typedef struct {
    Bytes terms;
    Numbers ends;
    const uint64_t *slots;
    size_t mask;
    size_t longest;
} Vocabulary;

static uint64_t
mix(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= MIXER;
    hash ^= hash >> 29;
    return hash;
}

static uint64_t
hash_bytes(Bytes stretch)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < stretch.length; i++) {
        hash = hash * BASE + stretch.bytes[i] + 1;
    }
    return mix(hash);
}

static int
is_term(const Vocabulary *vocabulary, size_t term, Bytes stretch)
{
    Bytes piece;
    return term < vocabulary->ends.count &&
           find_piece(vocabulary->terms, vocabulary->ends, term, &piece) &&
           piece.length == stretch.length &&
           memcmp(piece.bytes, stretch.bytes, stretch.length) == 0;
}

/* Return the number of a term plus one, 0 for none. */
static size_t
find_term(const Vocabulary *vocabulary, uint64_t hash, Bytes stretch)
{
    size_t place = (size_t)hash & vocabulary->mask;
    for (int step = 0; step <= LONGEST_CHAIN; step++) {
        uint64_t slot = vocabulary->slots[place];
        size_t number = (size_t)(slot & 0xFFFFFFFFu);
        if (slot == 0) {
            return 0;
        }
        if (slot >> 32 == hash >> 32 && is_term(vocabulary, number - 1, stretch)) {
            return number;
        }
        place = (place + 1) & vocabulary->mask;
    }
    return 0;
}

static int
fill_slots(const Vocabulary *vocabulary, uint64_t *slots)
{
    Bytes piece;
    memset(slots, 0, (vocabulary->mask + 1) * sizeof(uint64_t));
    for (size_t term = 0; term < vocabulary->ends.count; term++) {
        if (!find_piece(vocabulary->terms, vocabulary->ends, term, &piece)) {
            return 0;
        }
        uint64_t hash = hash_bytes(piece);
        size_t place = (size_t)hash & vocabulary->mask;
        int step = 0;
        /* Of two equal terms the later counts. */
        while (slots[place] != 0 &&
               !is_term(vocabulary, (size_t)(slots[place] & 0xFFFFFFFFu) - 1, piece)) {
            if (++step >= LONGEST_CHAIN) {
                return 0;
            }
            place = (place + 1) & vocabulary->mask;
        }
        slots[place] = (hash >> 32 << 32) | (uint64_t)(term + 1);
    }
    return 1;
}

static int
read_vocabulary(const Py_buffer *terms, const Py_buffer *ends, const Py_buffer *slots,
                Vocabulary *vocabulary)
{
    Numbers table;
    vocabulary->terms.bytes = terms->buf;
    vocabulary->terms.length = (size_t)terms->len;
    if (!as_numbers(ends, &vocabulary->ends, "the ends of the terms are no array of uint64") ||
        !as_numbers(slots, &table, "the slots are no array of uint64")) {
        return 0;
    }
    if (vocabulary->ends.count >= 0xFFFFFFFFu || table.count <= vocabulary->ends.count ||
        (table.count & (table.count - 1)) != 0) {
        return fail("the number of slots is no power of two above the number of terms");
    }
    if (!check_pieces(vocabulary->terms, vocabulary->ends, &vocabulary->longest)) {
        return fail("the ends of the terms lie outside of them");
    }
    vocabulary->slots = table.items;
    vocabulary->mask = table.count - 1;
    return 1;
}

/* In _acting.c. */
PyObject *stance_find_acting(PyObject *module, PyObject *args);

#endif
