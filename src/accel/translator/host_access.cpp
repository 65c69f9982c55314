// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/host_access.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "accel/translator/atomic_operation.h"

namespace kelvin::translator::host {

namespace {

template <class Byte>
Byte* align_down_16(Byte* place) {
    return place - (reinterpret_cast<u64>(place) & 15);
}

bool is_aligned(unsigned size, const u8* place) {
    return (reinterpret_cast<u64>(place) & (size - 1)) == 0;
}

bool is_power_of_two(unsigned size) {
    return (size & (size - 1)) == 0;
}

template <class T>
T load_aligned(const u8* place) {
    return __atomic_load_n(reinterpret_cast<const T*>(place), __ATOMIC_RELAXED);
}

template <class T>
void store_aligned(u8* place, u64 value) {
    __atomic_store_n(reinterpret_cast<T*>(place), static_cast<T>(value), __ATOMIC_RELAXED);
}

/// The 16 aligned bytes around `place`.
V128 load_around(const u8* place) {
    V128 value;
    asm volatile("movdqa %1, %0" : "=x"(value) : "m"(*reinterpret_cast<const V128*>(align_down_16(place))));
    return value;
}

/// `place` is aligned to 16.
bool compare_exchange_16(u8* place, V128& expected, const V128& desired) {
    bool done = false;
    asm volatile("lock cmpxchg16b %1"
                 : "=@ccz"(done), "+m"(*reinterpret_cast<V128*>(place)), "+a"(expected.d[0]), "+d"(expected.d[1])
                 : "b"(desired.d[0]), "c"(desired.d[1])
                 : "memory");
    return done;
}

template <class T>
bool compare_exchange_aligned(u8* place, V128& expected, const V128& desired) {
    T old = static_cast<T>(expected.d[0]);
    const bool done = __atomic_compare_exchange_n(reinterpret_cast<T*>(place), &old, static_cast<T>(desired.d[0]),
                                                  false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    expected = v128(old);
    return done;
}

/// For what lies across its own alignment, but within 16 aligned bytes.
bool compare_exchange_within_16(unsigned size, u8* place, V128& expected, const V128& desired) {
    const std::ptrdiff_t offset = place - align_down_16(place);
    V128 around = load_around(place);
    while (true) {
        V128 replacement = around;
        const bool same = std::memcmp(around.b + offset, expected.b, size) == 0;
        if (same) {
            std::memcpy(replacement.b + offset, desired.b, size);
        }
        if (compare_exchange_16(align_down_16(place), around, replacement)) {
            std::memcpy(expected.b, around.b + offset, size);
            return same;
        }
    }
}

void store_within_16(unsigned size, u8* place, const V128& value) {
    const std::ptrdiff_t offset = place - align_down_16(place);
    V128 around = load_around(place);
    V128 replacement;
    do {
        replacement = around;
        std::memcpy(replacement.b + offset, value.b, size);
    } while (!compare_exchange_16(align_down_16(place), around, replacement));
}

/// Calls `visit(offset, size)` for pieces of 1 to 8 bytes that are aligned to their sizes.
template <class Visit>
void in_pieces(unsigned size, const u8* place, Visit visit) {
    for (unsigned done = 0; done < size;) {
        unsigned piece = 8;
        while (piece > size - done || !is_aligned(piece, place + done)) {
            piece /= 2;
        }
        visit(done, piece);
        done += piece;
    }
}

u64 load_piece(unsigned size, const u8* place) {
    switch (size) {
        case 1:
            return load_aligned<u8>(place);
        case 2:
            return load_aligned<u16>(place);
        case 4:
            return load_aligned<u32>(place);
        default:
            return load_aligned<u64>(place);
    }
}

void store_piece(unsigned size, u8* place, u64 value) {
    switch (size) {
        case 1:
            return store_aligned<u8>(place, value);
        case 2:
            return store_aligned<u16>(place, value);
        case 4:
            return store_aligned<u32>(place, value);
        default:
            return store_aligned<u64>(place, value);
    }
}

template <class T>
u64 modify(u8* place, ir::AtomicKind kind, u64 operand) {
    V128 expected{};
    std::memcpy(&expected, load(sizeof(T), place).b, sizeof(T));
    V128 desired{};
    do {
        desired = v128(combine<T>(kind, static_cast<T>(expected.d[0]), static_cast<T>(operand)));
    } while (!compare_exchange(sizeof(T), place, expected, desired));
    return expected.d[0];
}

}  // namespace

V128 load(unsigned size, const u8* place) {
    V128 value{};
    const auto offset = static_cast<unsigned>(place - align_down_16(place));
    if (size <= 8 && is_power_of_two(size) && is_aligned(size, place)) {
        return v128(load_piece(size, place));
    }
    if (offset + size <= 16) {
        return first_bytes(shifted_down(load_around(place), offset), size);
    }
    in_pieces(size, place,
              [&](unsigned at, unsigned piece) { value = joined(value, at, v128(load_piece(piece, place + at))); });
    return value;
}

void store(unsigned size, u8* place, const V128& value) {
    const auto offset = static_cast<unsigned>(place - align_down_16(place));
    if (size <= 8 && is_power_of_two(size) && is_aligned(size, place)) {
        return store_piece(size, place, value.d[0]);
    }
    if (size == 16 && offset == 0) {
        asm volatile("movdqa %1, %0" : "=m"(*reinterpret_cast<V128*>(place)) : "x"(value));
        return;
    }
    if (offset + size <= 16 && is_power_of_two(size)) {
        return store_within_16(size, place, value);
    }
    in_pieces(size, place,
              [&](unsigned at, unsigned piece) { store_piece(piece, place + at, shifted_down(value, at).d[0]); });
}

bool compare_exchange(unsigned size, u8* place, V128& expected, const V128& desired) {
    if (!is_aligned(size, place)) {
        return compare_exchange_within_16(size, place, expected, desired);
    }
    switch (size) {
        case 1:
            return compare_exchange_aligned<u8>(place, expected, desired);
        case 2:
            return compare_exchange_aligned<u16>(place, expected, desired);
        case 4:
            return compare_exchange_aligned<u32>(place, expected, desired);
        case 8:
            return compare_exchange_aligned<u64>(place, expected, desired);
        default:
            return compare_exchange_16(place, expected, desired);
    }
}

u64 read_modify_write(unsigned size, u8* place, ir::AtomicKind kind, u64 operand) {
    switch (size) {
        case 1:
            return modify<u8>(place, kind, operand);
        case 2:
            return modify<u16>(place, kind, operand);
        case 4:
            return modify<u32>(place, kind, operand);
        default:
            return modify<u64>(place, kind, operand);
    }
}

}  // namespace kelvin::translator::host
