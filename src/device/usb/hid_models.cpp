// SPDX-License-Identifier: Apache-2.0
// Descriptors of the input devices (HID 1.11, 6.2, appendices B and E).
#include "device/usb/hid.h"

namespace kelvin::device::usb {

namespace {

constexpr auto kKeyboardReport = std::to_array<u8>({
    0x05, 0x01, 0x09, 0x06, 0xa1, 0x01,                                      // a keyboard:
    0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01,  // a bit for each of the modifiers,
    0x95, 0x08, 0x81, 0x02,                                                  //
    0x95, 0x01, 0x75, 0x08, 0x81, 0x01,                                      // a byte that says nothing,
    0x05, 0x08, 0x19, 0x01, 0x29, 0x05, 0x95, 0x05, 0x75, 0x01, 0x91, 0x02,  // five lamps,
    0x95, 0x01, 0x75, 0x03, 0x91, 0x01,                                      // three bits of padding,
    0x05, 0x07, 0x19, 0x00, 0x2a, 0xff, 0x00, 0x15, 0x00, 0x26, 0xff, 0x00,  // and six keys
    0x95, 0x06, 0x75, 0x08, 0x81, 0x00, 0xc0,                                //
});

constexpr auto kMouseReport = std::to_array<u8>({
    0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00,              // a mouse with a pointer:
    0x05, 0x09, 0x19, 0x01, 0x29, 0x05, 0x15, 0x00, 0x25, 0x01, 0x95, 0x05,  // five buttons
    0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x03, 0x81, 0x01,              // and three bits of padding,
    0x05, 0x01, 0x09, 0x30, 0x09, 0x31, 0x09, 0x38, 0x15, 0x81, 0x25, 0x7f,  // X, Y and the wheel, relative
    0x75, 0x08, 0x95, 0x03, 0x81, 0x06, 0xc0, 0xc0,                          //
});

constexpr auto kTabletReport = std::to_array<u8>({
    0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00,              // a mouse with a pointer:
    0x05, 0x09, 0x19, 0x01, 0x29, 0x05, 0x15, 0x00, 0x25, 0x01, 0x95, 0x05,  // five buttons
    0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x03, 0x81, 0x01,              // and three bits of padding,
    0x05, 0x01, 0x09, 0x30, 0x09, 0x31, 0x15, 0x00, 0x26, 0xff, 0x7f,        // X and Y up to 32767,
    0x35, 0x00, 0x46, 0xff, 0x7f, 0x75, 0x10, 0x95, 0x02, 0x81, 0x02,        //
    0x05, 0x01, 0x09, 0x38, 0x15, 0x81, 0x25, 0x7f, 0x35, 0x00, 0x45, 0x00,  // and the wheel, relative
    0x75, 0x08, 0x95, 0x01, 0x81, 0x06, 0xc0, 0xc0,                          //
});

constexpr u16 kVendor = 0x0627;
constexpr u16 kProduct = 0x0001;

constexpr u8 low(std::size_t value) {
    return static_cast<u8>(value & 0xff);
}
constexpr u8 high(std::size_t value) {
    return static_cast<u8>(value >> 8 & 0xff);
}

}  // namespace

const HidModel kKeyboard = {HidModel::Kind::keyboard, "Kelvin USB Keyboard", 1, 8, kKeyboardReport};
const HidModel kMouse = {HidModel::Kind::mouse, "Kelvin USB Mouse", 2, 4, kMouseReport};
const HidModel kTablet = {HidModel::Kind::tablet, "Kelvin USB Tablet", 0, 6, kTabletReport};

bus::usb::Description describe(const HidModel& model, const std::string& serial) {
    const std::size_t size = model.report_descriptor.size();
    const u8 boot = model.protocol != 0 ? 1 : 0;
    return {
        .device = {18, 1, 0x00, 0x02, 0, 0, 0, 64, low(kVendor), high(kVendor), low(kProduct), high(kProduct), 0, 0, 1,
                   2, 3, 1},
        .configuration = {9,
                          2,
                          34,
                          0,
                          1,
                          1,
                          0,
                          0xa0,
                          50,  // wakes the host, 100 mA
                          9,
                          4,
                          0,
                          0,
                          1,
                          3,
                          boot,
                          model.protocol,
                          0,  //
                          9,
                          0x21,
                          0x11,
                          0x01,
                          0,
                          1,
                          0x22,
                          low(size),
                          high(size),  // HID 1.11
                          7,
                          5,
                          0x80 | kHidEndpoint,
                          3,
                          low(model.report_size),
                          0,
                          7},  // each 8 ms
        .strings = {"Kelvin", std::string(model.product), serial.empty() ? "1" : serial},
    };
}

}  // namespace kelvin::device::usb
