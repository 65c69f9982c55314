// SPDX-License-Identifier: Apache-2.0
#include "firmware/aml.h"

#include <array>
#include <charconv>

#include "base/assert.h"
#include "firmware/byte_writer.h"

namespace kelvin::firmware::aml {

namespace {

// 20.3: opcodes.
constexpr u8 kZero = 0x00;
constexpr u8 kOne = 0x01;
constexpr u8 kName = 0x08;
constexpr u8 kByte = 0x0a;
constexpr u8 kWord = 0x0b;
constexpr u8 kDword = 0x0c;
constexpr u8 kString = 0x0d;
constexpr u8 kQword = 0x0e;
constexpr u8 kScope = 0x10;
constexpr u8 kBuffer = 0x11;
constexpr u8 kPackage = 0x12;
constexpr u8 kMethod = 0x14;
constexpr u8 kDualName = 0x2e;
constexpr u8 kMultiName = 0x2f;
constexpr u8 kExtended = 0x5b;
constexpr u8 kArgument = 0x68;
constexpr u8 kStore = 0x70;
constexpr u8 kAnd = 0x7b;
constexpr u8 kOr = 0x7d;
constexpr u8 kNotify = 0x86;
constexpr u8 kDwordField = 0x8a;
constexpr u8 kNot = 0x92;
constexpr u8 kEqual = 0x93;
constexpr u8 kIf = 0xa0;
constexpr u8 kElse = 0xa1;
constexpr u8 kReturn = 0xa4;
constexpr u8 kExtendedDevice = 0x82;

constexpr std::size_t kSegment = 4;

Term join(std::initializer_list<u8> opcode, std::initializer_list<const Term*> parts) {
    Term out{{opcode}};
    for (const Term* part : parts) {
        out.bytes.insert(out.bytes.end(), part->bytes.begin(), part->bytes.end());
    }
    return out;
}

Term join(Terms parts) {
    Term out;
    for (const Term& part : parts) {
        out.bytes.insert(out.bytes.end(), part.bytes.begin(), part.bytes.end());
    }
    return out;
}

/// 20.2.4: the length counts itself, and is as short as it can be.
Term with_length(std::initializer_list<u8> opcode, const Term& content) {
    std::vector<u8> length;
    const std::size_t size = content.bytes.size();
    if (size + 1 < 0x40) {
        length = {static_cast<u8>(size + 1)};
    } else {
        unsigned more = 1;  // bytes behind the first, which has four bits of the length
        while (size + 1 + more >= std::size_t{1} << (4 + 8 * more)) {
            ++more;
        }
        const std::size_t total = size + 1 + more;
        length.push_back(static_cast<u8>(more << 6 | (total & 0xf)));
        for (unsigned n = 0; n < more; ++n) {
            length.push_back(static_cast<u8>(total >> (4 + 8 * n)));
        }
    }
    const Term head{length};
    return join(opcode, {&head, &content});
}

u8 hexadecimal(std::string_view digits) {
    u8 value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    KELVIN_ASSERT(error == std::errc() && end == digits.data() + digits.size());
    return value;
}

}  // namespace

Term path(std::string_view text) {
    Term out;
    if (text.starts_with('\\')) {
        out.bytes.push_back('\\');
        text.remove_prefix(1);
    }
    std::vector<u8> segments;
    while (!text.empty()) {
        const std::string_view segment = text.substr(0, text.find('.'));
        KELVIN_ASSERT(!segment.empty() && segment.size() <= kSegment);
        segments.insert(segments.end(), segment.begin(), segment.end());
        segments.resize(segments.size() + kSegment - segment.size(), '_');
        text.remove_prefix(std::min(text.size(), segment.size() + 1));
    }
    const std::size_t count = segments.size() / kSegment;
    if (count == 0) {
        out.bytes.push_back(kZero);
    } else if (count == 2) {
        out.bytes.push_back(kDualName);
    } else if (count > 2) {
        out.bytes.insert(out.bytes.end(), {kMultiName, static_cast<u8>(count)});
    }
    out.bytes.insert(out.bytes.end(), segments.begin(), segments.end());
    return out;
}

Term integer(u64 value) {
    ByteWriter out;
    if (value <= 1) {
        out.put8(value == 0 ? kZero : kOne);
    } else if (value <= 0xff) {
        out.put8(kByte).put8(static_cast<u8>(value));
    } else if (value <= 0xffff) {
        out.put8(kWord).put16(static_cast<u16>(value));
    } else if (value <= 0xffffffff) {
        out.put8(kDword).put32(static_cast<u32>(value));
    } else {
        out.put8(kQword).put64(value);
    }
    return {out.take()};
}

Term text(std::string_view value) {
    ByteWriter out;
    out.put8(kString).text(value, value.size() + 1);
    return {out.take()};
}

Term buffer(std::span<const u8> content) {
    const Term size = integer(content.size());
    const Term bytes{{content.begin(), content.end()}};
    return with_length({kBuffer}, join({}, {&size, &bytes}));
}

Term package(Terms elements) {
    KELVIN_ASSERT(elements.size() <= 0xff);
    const Term content = join(elements);
    return with_length({kPackage}, join({static_cast<u8>(elements.size())}, {&content}));
}

Term eisa_id(std::string_view id) {
    KELVIN_ASSERT(id.size() == 7);
    const auto letter = [&](unsigned n) { return static_cast<u8>((id[n] - '@') & 0x1f); };
    ByteWriter out;
    out.put8(kDword);
    out.put8(static_cast<u8>(letter(0) << 2 | letter(1) >> 3)).put8(static_cast<u8>(letter(1) << 5 | letter(2)));
    out.put8(hexadecimal(id.substr(3, 2))).put8(hexadecimal(id.substr(5, 2)));
    return {out.take()};
}

Term uuid(std::string_view text) {
    // The first three fields are little-endian: where in the text each byte is.
    constexpr std::array<u8, 16> kOrder = {6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34};
    KELVIN_ASSERT(text.size() == 36);
    std::array<u8, 16> bytes{};
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        bytes[n] = hexadecimal(text.substr(kOrder[n], 2));
    }
    return buffer(bytes);
}

Term resources(std::initializer_list<Term> descriptors) {
    constexpr std::array<u8, 2> kEndTag = {0x79, 0x00};  // 6.4.2.9: a checksum of zero is not looked at
    Term content = join(descriptors);
    content.bytes.insert(content.bytes.end(), kEndTag.begin(), kEndTag.end());
    return buffer(content.bytes);
}

Term name(std::string_view name, const Term& value) {
    const Term where = path(name);
    return join({kName}, {&where, &value});
}

Term scope(std::string_view path, Terms content) {
    const Term where = aml::path(path);
    const Term inner = join(content);
    return with_length({kScope}, join({}, {&where, &inner}));
}

Term device(std::string_view name, Terms content) {
    const Term where = path(name);
    const Term inner = join(content);
    return with_length({kExtended, kExtendedDevice}, join({}, {&where, &inner}));
}

Term method(std::string_view name, unsigned arguments, Calls calls, std::initializer_list<Term> statements) {
    const Term where = path(name);
    const u8 serialized = calls == Calls::one_at_a_time ? 1 << 3 : 0;
    const Term flags{{static_cast<u8>(arguments | serialized)}};
    const Term inner = join(statements);
    return with_length({kMethod}, join({}, {&where, &flags, &inner}));
}

Term argument(unsigned number) {
    return {{static_cast<u8>(kArgument + number)}};
}

Term dword_field(const Term& buffer, u64 offset, std::string_view name) {
    const Term at = integer(offset);
    const Term where = path(name);
    return join({kDwordField}, {&buffer, &at, &where});
}

Term store(const Term& value, const Term& target) {
    return join({kStore}, {&value, &target});
}

Term bits_and(const Term& left, const Term& right, const Term& target) {
    return join({kAnd}, {&left, &right, &target});
}

Term bits_or(const Term& left, const Term& right, const Term& target) {
    return join({kOr}, {&left, &right, &target});
}

Term equal(const Term& left, const Term& right) {
    return join({kEqual}, {&left, &right});
}

Term is_not(const Term& operand) {
    return join({kNot}, {&operand});
}

Term when(const Term& condition, std::initializer_list<Term> statements) {
    const Term inner = join(statements);
    return with_length({kIf}, join({}, {&condition, &inner}));
}

Term otherwise(std::initializer_list<Term> statements) {
    return with_length({kElse}, join(statements));
}

Term notify(const Term& object, u64 value) {
    const Term number = integer(value);
    return join({kNotify}, {&object, &number});
}

Term give(const Term& value) {
    return join({kReturn}, {&value});
}

}  // namespace kelvin::firmware::aml
