// SPDX-License-Identifier: Apache-2.0
#include "control/monitor_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "accel/translator/disassembler.h"

namespace kelvin::control {

namespace {

/// What one command shows: more would hold the machine, and nobody reads it.
constexpr u64 kMostBytes = u64{1} << 20;
constexpr unsigned kInstructionSize = 4;
/// Parentheses within each other, which take stack.
constexpr unsigned kDeepest = 32;

constexpr std::string_view kLetters = "xduoci";
constexpr const char* kUsage =
    "such as /8xw: how many, then x, d, u, o, c or i, then b, h, w or g for 1, 2, 4 or 8 bytes";

unsigned size_of(char letter) {
    return letter == 'b' ? 1 : letter == 'h' ? 2 : letter == 'w' ? 4 : letter == 'g' ? 8 : 0;
}

/// Calculates what is in `text`, from its beginning on.
class Calculator {
  public:
    Calculator(std::string_view text, const FindRegister& find) : text_(text), find_(find) {}

    Result<u64> whole() {
        const u64 value = KELVIN_TRY(sum());
        if (!rest().empty()) {
            return wrong();
        }
        return value;
    }

  private:
    std::string_view rest() {
        text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size()));
        return text_;
    }
    bool take(char c) {
        const bool there = rest().starts_with(c);
        text_.remove_prefix(there ? 1 : 0);
        return there;
    }
    Error wrong() { return user_error(fmt::format("'{}' is no number", rest()), "0x40000000, 10+$x1, ($sp-16)*2"); }

    Result<u64> sum() {
        u64 value = KELVIN_TRY(product());
        for (;;) {
            if (take('+')) {
                value += KELVIN_TRY(product());
            } else if (take('-')) {
                value -= KELVIN_TRY(product());
            } else {
                return value;
            }
        }
    }
    Result<u64> product() {
        u64 value = KELVIN_TRY(factor());
        for (;;) {
            if (take('*')) {
                value *= KELVIN_TRY(factor());
            } else if (take('/')) {
                const u64 divisor = KELVIN_TRY(factor());
                if (divisor == 0) {
                    return user_error("a number cannot be divided by zero");
                }
                value /= divisor;
            } else {
                return value;
            }
        }
    }
    Result<u64> factor() {
        if (take('-')) {
            return enter(&Calculator::negative);
        }
        if (take('(')) {
            return enter(&Calculator::parenthesis);
        }
        return take('$') ? register_value() : number();
    }
    Result<u64> enter(Result<u64> (Calculator::*what)()) {
        if (++depth_ > kDeepest) {
            return user_error("that is nested too deeply");
        }
        auto value = (this->*what)();
        --depth_;
        return value;
    }
    Result<u64> negative() {
        const u64 value = KELVIN_TRY(factor());
        return u64{0} - value;
    }
    Result<u64> parenthesis() {
        const u64 value = KELVIN_TRY(sum());
        return take(')') ? Result<u64>(value) : user_error("a parenthesis is not closed");
    }
    Result<u64> register_value() {
        const std::size_t end = std::min(text_.find_first_of("+-*/() "), text_.size());
        const std::string_view name = text_.substr(0, end);
        const auto value = find_(name);
        if (!value) {
            return user_error(fmt::format("there is no register '${}'", name), "$pc, $sp, $x0 to $x30");
        }
        text_.remove_prefix(end);
        return *value;
    }
    Result<u64> number() {
        const bool hexadecimal = rest().starts_with("0x") || rest().starts_with("0X");
        const std::string_view digits = hexadecimal ? text_.substr(2) : text_;
        u64 value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, hexadecimal ? 16 : 10);
        if (error != std::errc()) {
            return wrong();
        }
        text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
        return value;
    }

    std::string_view text_;
    const FindRegister& find_;
    unsigned depth_ = 0;
};

std::string show_character(u64 value) {
    const u8 byte = static_cast<u8>(value);
    switch (byte) {
        case '\'':
            return "'\\''";
        case '\\':
            return "'\\\\'";
        case '\n':
            return "'\\n'";
        case '\r':
            return "'\\r'";
        default:
            return byte >= ' ' && byte < 0x7f ? fmt::format("'{}'", static_cast<char>(byte))
                                              : fmt::format("'\\x{:02x}'", byte);
    }
}

/// Padded so that columns align.
std::string show_padded(char letter, unsigned size, u64 value) {
    const unsigned bits = 8 * size;
    switch (letter) {
        case 'o':
            return fmt::format("0{:0{}o}", value, (bits + 2) / 3);
        case 'u':
            return fmt::format("{:{}}", value, (bits * 10 + 32) / 33);
        case 'd':
            return fmt::format("{:{}}", static_cast<i64>(value), (bits * 10 + 32) / 33);
        case 'c':
            return show_character(value);
        default:
            return fmt::format("0x{:0{}x}", value, bits / 4);
    }
}

std::string show_instructions(std::span<const u8> bytes, u64 address) {
    translator::Disassembler disassembler(translator::Disassembler::Architecture::arm64);
    std::string text;
    for (std::size_t at = 0; at + kInstructionSize <= bytes.size(); at += kInstructionSize) {
        u32 word = 0;
        for (unsigned i = kInstructionSize; i != 0; --i) {
            word = word << 8 | bytes[at + i - 1];
        }
        const auto one = disassembler.first(bytes.data() + at, kInstructionSize, address + at);
        text += fmt::format("0x{:08x}:  {:08x}  {:<8} {}\n", address + at, word, one.name, one.operands);
    }
    return text;
}

}  // namespace

Result<FormattedArgument> parse_show_format(std::string_view argument, const ShowFormat& former) {
    FormattedArgument parsed{former, argument};
    parsed.format.count = 1;
    if (!argument.starts_with('/')) {
        return parsed;
    }
    const std::size_t end = std::min(argument.find(' '), argument.size());
    std::string_view text = argument.substr(1, end - 1);
    parsed.rest = argument.substr(std::min(argument.find_first_not_of(' ', end), argument.size()));
    if (const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size()); digits != 0) {
        if (std::from_chars(text.data(), text.data() + digits, parsed.format.count).ec != std::errc()) {
            parsed.format.count = kMostBytes + 1;
        }
        text.remove_prefix(digits);
    }
    for (const char c : text) {
        if (kLetters.find(c) != std::string_view::npos) {
            parsed.format.letter = c;
        } else if (size_of(c) != 0) {
            parsed.format.size = size_of(c);
        } else {
            return user_error(fmt::format("'{}' is no format", c), kUsage);
        }
    }
    if (parsed.format.count > kMostBytes / parsed.format.size) {
        return user_error(fmt::format("no more than {} bytes are shown at once", kMostBytes));
    }
    return parsed;
}

Result<u64> evaluate(std::string_view text, const FindRegister& find) {
    return Calculator(text, find).whole();
}

std::string show_memory(const ShowFormat& format, u64 address, const ReadMemory& read) {
    const unsigned size = format.letter == 'i' ? kInstructionSize : format.letter == 'c' ? 1 : format.size;
    const std::size_t line_size = size == 1 ? 8 : 16;
    std::vector<u8> bytes(size * format.count);
    bytes.resize(read(address, bytes) / size * size);
    const bool all = bytes.size() == size * format.count;
    std::string text = format.letter == 'i' ? show_instructions(bytes, address) : "";
    for (std::size_t at = 0; at < bytes.size() && format.letter != 'i'; at += size) {
        u64 value = 0;
        for (std::size_t i = size; i != 0; --i) {
            value = value << 8 | bytes[at + i - 1];
        }
        text += at % line_size == 0 ? fmt::format("{:016x}:", address + at) : "";
        text += " " + show_padded(format.letter, size, value);
        text += at + size == bytes.size() || (at + size) % line_size == 0 ? "\n" : "";
    }
    return all ? text : text + fmt::format("{:016x}: Cannot access memory\n", address + bytes.size());
}

std::string show_value(const ShowFormat& format, u64 value) {
    switch (format.letter) {
        case 'o':
            return fmt::format("0{:o}\n", value);
        case 'u':
            return fmt::format("{}\n", value);
        case 'd':
            return fmt::format("{}\n", static_cast<i64>(value));
        case 'c':
            return show_character(value) + "\n";
        default:
            return fmt::format("0x{:x}\n", value);
    }
}

}  // namespace kelvin::control
