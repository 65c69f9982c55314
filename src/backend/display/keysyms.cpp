// SPDX-License-Identifier: Apache-2.0
#include "backend/display/keysyms.h"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace kelvin::backend {

namespace {

/// Two characters of each key, without and with Shift, in the order of kCodes.
constexpr std::string_view kCharacters =
    "1!2@3#4$5%6^7&8*9(0)-_=+"
    "qQwWeErRtTyYuUiIoOpP[{]}"
    "aAsSdDfFgGhHjJkKlL;:'\"`~\\|"
    "zZxXcCvVbBnNmM,<.>/?";
constexpr std::array<u16, kCharacters.size() / 2> kCodes = {
    KEY_1,     KEY_2,     KEY_3,         KEY_4,          KEY_5,          KEY_6,     KEY_7,         KEY_8, KEY_9, KEY_0,
    KEY_MINUS, KEY_EQUAL, KEY_Q,         KEY_W,          KEY_E,          KEY_R,     KEY_T,         KEY_Y, KEY_U, KEY_I,
    KEY_O,     KEY_P,     KEY_LEFTBRACE, KEY_RIGHTBRACE, KEY_A,          KEY_S,     KEY_D,         KEY_F, KEY_G, KEY_H,
    KEY_J,     KEY_K,     KEY_L,         KEY_SEMICOLON,  KEY_APOSTROPHE, KEY_GRAVE, KEY_BACKSLASH, KEY_Z, KEY_X, KEY_C,
    KEY_V,     KEY_B,     KEY_N,         KEY_M,          KEY_COMMA,      KEY_DOT,   KEY_SLASH};

using Named = std::pair<u32, u16>;
constexpr auto kNamed = std::to_array<Named>({
    {0x20, KEY_SPACE},        {0xff08, KEY_BACKSPACE},  {0xff09, KEY_TAB},       {0xff0d, KEY_ENTER},
    {0xff13, KEY_PAUSE},      {0xff14, KEY_SCROLLLOCK}, {0xff15, KEY_SYSRQ},     {0xff1b, KEY_ESC},
    {0xff50, KEY_HOME},       {0xff51, KEY_LEFT},       {0xff52, KEY_UP},        {0xff53, KEY_RIGHT},
    {0xff54, KEY_DOWN},       {0xff55, KEY_PAGEUP},     {0xff56, KEY_PAGEDOWN},  {0xff57, KEY_END},
    {0xff61, KEY_SYSRQ},      {0xff63, KEY_INSERT},     {0xff67, KEY_COMPOSE},   {0xff7f, KEY_NUMLOCK},
    {0xff8d, KEY_KPENTER},    {0xff95, KEY_KP7},        {0xff96, KEY_KP4},       {0xff97, KEY_KP8},
    {0xff98, KEY_KP6},        {0xff99, KEY_KP2},        {0xff9a, KEY_KP9},       {0xff9b, KEY_KP3},
    {0xff9c, KEY_KP1},        {0xff9d, KEY_KP5},        {0xff9e, KEY_KP0},       {0xff9f, KEY_KPDOT},
    {0xffaa, KEY_KPASTERISK}, {0xffab, KEY_KPPLUS},     {0xffad, KEY_KPMINUS},   {0xffae, KEY_KPDOT},
    {0xffaf, KEY_KPSLASH},    {0xffb0, KEY_KP0},        {0xffb1, KEY_KP1},       {0xffb2, KEY_KP2},
    {0xffb3, KEY_KP3},        {0xffb4, KEY_KP4},        {0xffb5, KEY_KP5},       {0xffb6, KEY_KP6},
    {0xffb7, KEY_KP7},        {0xffb8, KEY_KP8},        {0xffb9, KEY_KP9},       {0xffbe, KEY_F1},
    {0xffbf, KEY_F2},         {0xffc0, KEY_F3},         {0xffc1, KEY_F4},        {0xffc2, KEY_F5},
    {0xffc3, KEY_F6},         {0xffc4, KEY_F7},         {0xffc5, KEY_F8},        {0xffc6, KEY_F9},
    {0xffc7, KEY_F10},        {0xffc8, KEY_F11},        {0xffc9, KEY_F12},       {0xffe1, KEY_LEFTSHIFT},
    {0xffe2, KEY_RIGHTSHIFT}, {0xffe3, KEY_LEFTCTRL},   {0xffe4, KEY_RIGHTCTRL}, {0xffe5, KEY_CAPSLOCK},
    {0xffe7, KEY_LEFTMETA},   {0xffe8, KEY_RIGHTMETA},  {0xffe9, KEY_LEFTALT},   {0xffea, KEY_RIGHTALT},
    {0xffeb, KEY_LEFTMETA},   {0xffec, KEY_RIGHTMETA},  {0xfe03, KEY_RIGHTALT},  {0xfe20, KEY_TAB},
    {0xffff, KEY_DELETE},
});

}  // namespace

std::optional<u16> key_of_symbol(u32 symbol) {
    if (symbol > ' ' && symbol < 0x7f) {
        const std::size_t at = kCharacters.find(static_cast<char>(symbol));
        return at != std::string_view::npos ? std::optional(kCodes[at / 2]) : std::nullopt;
    }
    const auto found = std::ranges::find(kNamed, symbol, &Named::first);
    return found != kNamed.end() ? std::optional(found->second) : std::nullopt;
}

}  // namespace kelvin::backend
