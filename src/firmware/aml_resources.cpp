// SPDX-License-Identifier: Apache-2.0
#include "firmware/aml_resources.h"

#include "firmware/byte_writer.h"

namespace kelvin::firmware::aml {

namespace {

// Large items: tag, and how many bytes follow the length.
constexpr u8 kFixedMemory32 = 0x86;
constexpr u8 kDwordSpace = 0x87;
constexpr u8 kWordSpace = 0x88;
constexpr u8 kExtendedInterrupt = 0x89;
constexpr u8 kQwordSpace = 0x8a;

// Kinds of address space.
constexpr u8 kMemory = 0;
constexpr u8 kIo = 1;
constexpr u8 kBusNumber = 2;

constexpr u8 kFixedEnds = 1 << 2 | 1 << 3;    // general flags: minimum and maximum are fixed
constexpr u8 kReadWrite = 1 << 0;             // of memory: not cached, not prefetchable
constexpr u8 kEntireRange = 3;                // of ports: with and without ISA's aliases
constexpr u8 kTranslatedFromMemory = 1 << 4;  // of ports: CPUs see memory

ByteWriter space_head(u8 tag, u16 length, u8 kind, u8 flags) {
    ByteWriter out;
    out.put8(tag).put16(length).put8(kind).put8(kFixedEnds).put8(flags);
    return out;
}

}  // namespace

Term fixed_memory(u32 base, u32 size) {
    ByteWriter out;
    out.put8(kFixedMemory32).put16(9).put8(1 /* writable */).put32(base).put32(size);
    return {out.take()};
}

Term interrupt(u32 number, Trigger trigger) {
    constexpr u8 kConsumer = 1 << 0;
    const u8 edge = trigger == Trigger::edge ? 1 << 1 : 0;
    ByteWriter out;
    out.put8(kExtendedInterrupt).put16(6).put8(kConsumer | edge).put8(1).put32(number);
    return {out.take()};
}

Term isa_interrupt(unsigned number) {
    constexpr u8 kSmallInterrupt = 0x22;  // two bytes: a mask
    ByteWriter out;
    out.put8(kSmallInterrupt).put16(static_cast<u16>(1U << number));
    return {out.take()};
}

Term fixed_ports(u16 base, u8 count) {
    constexpr u8 kSmallPorts = 0x47;
    constexpr u8 kDecodes16 = 1;
    ByteWriter out;
    out.put8(kSmallPorts).put8(kDecodes16).put16(base).put16(base).put8(1 /* alignment */).put8(count);
    return {out.take()};
}

Term port_range(u16 first, u16 last) {
    ByteWriter out = space_head(kWordSpace, 13, kIo, kEntireRange);
    out.put16(0).put16(first).put16(last).put16(0).put16(static_cast<u16>(last - first + 1));
    return {out.take()};
}

Term bus_numbers(u16 first, u16 last) {
    ByteWriter out = space_head(kWordSpace, 13, kBusNumber, 0);
    out.put16(0).put16(first).put16(last).put16(0).put16(static_cast<u16>(last - first + 1));
    return {out.take()};
}

Term ports(u32 size, u32 cpu_base) {
    ByteWriter out = space_head(kDwordSpace, 23, kIo, kEntireRange | kTranslatedFromMemory);
    out.put32(0).put32(0).put32(size - 1).put32(cpu_base).put32(size);
    return {out.take()};
}

Term memory32(u32 base, u32 size) {
    ByteWriter out = space_head(kDwordSpace, 23, kMemory, kReadWrite);
    out.put32(0).put32(base).put32(base + (size - 1)).put32(0).put32(size);
    return {out.take()};
}

Term memory64(u64 base, u64 size) {
    ByteWriter out = space_head(kQwordSpace, 43, kMemory, kReadWrite);
    out.put64(0).put64(base).put64(base + (size - 1)).put64(0).put64(size);
    return {out.take()};
}

}  // namespace kelvin::firmware::aml
