// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/encoder.h"

namespace kelvin::x64 {

namespace {

/// An unresolved use of a label holds the distance to the use before it (0: none), times 8, plus its tail.
constexpr unsigned kTailBits = 3;

}  // namespace

Encoder::Encoder(CodeBuffer buffer, Encoding encoding) : encoding_(encoding) {
    restart(buffer);
}

void Encoder::restart(CodeBuffer buffer) {
    cursor_ = buffer.write;
    limit_ = buffer.write;
    rw_to_rx_ = buffer.rw_to_rx;
    overflowed_ = false;
    if (buffer.end - buffer.write < kReserve) {
        overflow();
    } else {
        limit_ = buffer.end - kReserve;
    }
}

void Encoder::overflow() {
    overflowed_ = true;
    cursor_ = scratch_;
    limit_ = scratch_;  // so that the next instruction but one begins at scratch_ again
}

void Encoder::data(const void* bytes, std::size_t size) {
    if (limit_ + kReserve - cursor_ < static_cast<std::ptrdiff_t>(size)) {
        overflow();
        return;
    }
    std::memcpy(cursor_, bytes, size);
    cursor_ += size;
}

u8* Encoder::put_relative(u8* p, const void* target, unsigned tail) {
    const u8* next = p + 4 + tail;
    KELVIN_ASSERT(reaches(next, target) || overflowed_);
    return put32(p, static_cast<u32>(std::bit_cast<u64>(target) - run_address(next)));
}

u8* Encoder::put_relative(u8* p, Label& label, unsigned tail) {
    if (label.bound()) {
        return put32(p, static_cast<u32>(label.target_ - (p + 4 + tail)));
    }
    if (overflowed_) {
        return p + 4;
    }
    const auto distance = static_cast<u32>(label.last_use_ == nullptr ? 0 : p - label.last_use_);
    label.last_use_ = p;
    return put32(p, distance << kTailBits | tail);
}

void Encoder::bind(Label& label) {
    KELVIN_ASSERT(!label.bound());
    label.target_ = cursor_;
    if (overflowed_) {
        return;
    }
    for (u8* use = label.last_use_; use != nullptr;) {
        u32 link;
        std::memcpy(&link, use, sizeof link);
        const u32 tail = link & ((1u << kTailBits) - 1);
        put32(use, static_cast<u32>(label.target_ - (use + 4 + tail)));
        const u32 distance = link >> kTailBits;
        use = distance == 0 ? nullptr : use - distance;
    }
}

u8* Encoder::put_modrm_rare(u8* p, unsigned reg, const Mem& m, unsigned tail) {
    const unsigned reg_field = (reg & 7) << 3;
    switch (m.kind) {
        case Mem::Kind::rip:
            return put_relative(put8(p, reg_field | 5), std::bit_cast<const void*>(m.value), tail);
        case Mem::Kind::label:
            return put_relative(put8(p, reg_field | 5), *std::bit_cast<Label*>(m.value), tail);
        default:
            p = put8(p, reg_field | 4);
            p = put8(p, unsigned{m.shift} << 6 | (number(m.index) & 7) << 3 | 5);
            return put32(p, static_cast<u32>(m.value));
    }
}

}  // namespace kelvin::x64
