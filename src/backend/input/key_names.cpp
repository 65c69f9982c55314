// SPDX-License-Identifier: Apache-2.0
#include "backend/input/key_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/nearest_name.h"

namespace kelvin::backend {

namespace {

/// By name.
constexpr auto kKeyNames = std::to_array<KeyName>({
    {"0", 11},
    {"1", 2},
    {"2", 3},
    {"3", 4},
    {"4", 5},
    {"5", 6},
    {"6", 7},
    {"7", 8},
    {"8", 9},
    {"9", 10},
    {"a", 30},
    {"ac_back", 158},
    {"ac_bookmarks", 156},
    {"ac_forward", 159},
    {"ac_home", 172},
    {"ac_refresh", 173},
    {"again", 129},
    {"alt", 56},
    {"alt_r", 100},
    {"apostrophe", 40},
    {"asterisk", 55},
    {"audiomute", 113},
    {"audionext", 163},
    {"audioplay", 164},
    {"audioprev", 165},
    {"audiostop", 166},
    {"b", 48},
    {"backslash", 43},
    {"backspace", 14},
    {"bracket_left", 26},
    {"bracket_right", 27},
    {"c", 46},
    {"calculator", 140},
    {"caps_lock", 58},
    {"comma", 51},
    {"compose", 127},
    {"computer", 157},
    {"copy", 133},
    {"ctrl", 29},
    {"ctrl_r", 97},
    {"cut", 137},
    {"d", 32},
    {"delete", 111},
    {"dot", 52},
    {"down", 108},
    {"e", 18},
    {"end", 107},
    {"equal", 13},
    {"esc", 1},
    {"f", 33},
    {"f1", 59},
    {"f10", 68},
    {"f11", 87},
    {"f12", 88},
    {"f13", 183},
    {"f14", 184},
    {"f15", 185},
    {"f16", 186},
    {"f17", 187},
    {"f18", 188},
    {"f19", 189},
    {"f2", 60},
    {"f20", 190},
    {"f21", 191},
    {"f22", 192},
    {"f23", 193},
    {"f24", 194},
    {"f3", 61},
    {"f4", 62},
    {"f5", 63},
    {"f6", 64},
    {"f7", 65},
    {"f8", 66},
    {"f9", 67},
    {"find", 136},
    {"front", 132},
    {"g", 34},
    {"grave_accent", 41},
    {"h", 35},
    {"help", 138},
    {"henkan", 92},
    {"hiragana", 91},
    {"home", 102},
    {"i", 23},
    {"insert", 110},
    {"j", 36},
    {"k", 37},
    {"katakanahiragana", 93},
    {"kp_0", 82},
    {"kp_1", 79},
    {"kp_2", 80},
    {"kp_3", 81},
    {"kp_4", 75},
    {"kp_5", 76},
    {"kp_6", 77},
    {"kp_7", 71},
    {"kp_8", 72},
    {"kp_9", 73},
    {"kp_add", 78},
    {"kp_comma", 121},
    {"kp_decimal", 83},
    {"kp_divide", 98},
    {"kp_enter", 96},
    {"kp_equals", 117},
    {"kp_multiply", 55},
    {"kp_subtract", 74},
    {"l", 38},
    {"lang1", 122},
    {"lang2", 123},
    {"left", 105},
    {"less", 86},
    {"lf", 101},
    {"m", 50},
    {"mail", 155},
    {"mediaselect", 226},
    {"menu", 139},
    {"meta_l", 125},
    {"meta_r", 126},
    {"minus", 12},
    {"muhenkan", 94},
    {"n", 49},
    {"num_lock", 69},
    {"o", 24},
    {"open", 134},
    {"p", 25},
    {"paste", 135},
    {"pause", 119},
    {"pgdn", 109},
    {"pgup", 104},
    {"power", 116},
    {"print", 99},
    {"props", 130},
    {"q", 16},
    {"r", 19},
    {"ret", 28},
    {"right", 106},
    {"ro", 89},
    {"s", 31},
    {"scroll_lock", 70},
    {"semicolon", 39},
    {"shift", 42},
    {"shift_r", 54},
    {"slash", 53},
    {"sleep", 142},
    {"spc", 57},
    {"stop", 128},
    {"sysrq", 99},
    {"t", 20},
    {"tab", 15},
    {"u", 22},
    {"undo", 131},
    {"up", 103},
    {"v", 47},
    {"volumedown", 114},
    {"volumeup", 115},
    {"w", 17},
    {"wake", 143},
    {"x", 45},
    {"y", 21},
    {"yen", 124},
    {"z", 44},
});
static_assert(std::ranges::is_sorted(kKeyNames, {}, &KeyName::name));

/// Up to here set 1's numbers are Linux's codes.
constexpr i64 kLastNumber = 88;
/// More than anybody has fingers.
constexpr std::size_t kMostTogether = 16;

std::optional<i64> read_number(std::string_view text) {
    constexpr std::size_t kMostDigits = 4;
    if (!text.starts_with("0x") || text.size() == 2 || text.size() > 2 + kMostDigits) {
        return {};
    }
    i64 number = 0;
    for (const char c : text.substr(2)) {
        const char low = static_cast<char>(c | 0x20);
        if (!((c >= '0' && c <= '9') || (low >= 'a' && low <= 'f'))) {
            return {};
        }
        number = number * 16 + (c <= '9' ? c - '0' : low - 'a' + 10);
    }
    return number;
}

}  // namespace

std::span<const KeyName> key_names() {
    return kKeyNames;
}

Result<u16> find_key(std::string_view name) {
    const auto found = std::ranges::lower_bound(kKeyNames, name, {}, &KeyName::name);
    if (found != kKeyNames.end() && found->name == name) {
        return found->code;
    }
    std::vector<std::string_view> names;
    std::ranges::transform(kKeyNames, std::back_inserter(names), &KeyName::name);
    return user_error(fmt::format("there is no key '{}'{}", name, did_you_mean(name, names)),
                      "keys are called as in ctrl-alt-delete, shift-a, f1, ret, spc");
}

Result<u16> find_key(i64 number) {
    if (number < 1 || number > kLastNumber) {
        return user_error(fmt::format("there is no key with the number {}", number),
                          fmt::format("numbers go from 1 to {}; other keys have names", kLastNumber));
    }
    return static_cast<u16>(number);
}

Result<std::vector<u16>> read_keys(std::string_view text) {
    std::vector<u16> keys;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('-', begin), text.size());
        const std::string_view name = text.substr(begin, end - begin);
        const std::optional<i64> number = read_number(name);
        keys.push_back(KELVIN_TRY(number ? find_key(*number) : find_key(name)));
        begin = end + 1;
    }
    if (keys.size() > kMostTogether) {
        return user_error(fmt::format("{} keys together are too many", keys.size()),
                          fmt::format("at most {} are pressed at a time", kMostTogether));
    }
    return keys;
}

}  // namespace kelvin::backend
