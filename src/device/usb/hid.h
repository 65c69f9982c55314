// SPDX-License-Identifier: Apache-2.0
// Keyboard, mouse and tablet of the class of Human Interface Devices (HID 1.11).
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "backend/input/input.h"
#include "bus/device_type.h"
#include "bus/usb/function.h"

namespace kelvin::device {

namespace usb {

struct HidModel {
    enum class Kind : u8 { keyboard, mouse, tablet };
    Kind kind;
    std::string_view product;
    u8 protocol;  ///< bInterfaceProtocol, with the boot sub-class; 0: neither
    u16 report_size;
    std::span<const u8> report_descriptor;
};
extern const HidModel kKeyboard;
extern const HidModel kMouse;
extern const HidModel kTablet;

/// Of `model`, whose one endpoint is kHidEndpoint.
bus::usb::Description describe(const HidModel& model, const std::string& serial);
inline constexpr unsigned kHidEndpoint = 1;

}  // namespace usb

class Hid final : public bus::usb::Function, public backend::InputReceiver, private bus::Savable {
  public:
    struct Options {
        bus::usb::PlaceOptions place;

        template <class Visitor>
        void fields(Visitor& visit) {
            place.fields(visit);
        }
    };

    /// `input` outlives the device.
    Hid(const usb::HidModel& model, const Options& options, backend::Input& input);
    ~Hid() override;

    Savable* savable() override { return this; }
    bus::usb::Outcome read(unsigned number, std::span<u8> room) override;
    /// Of a keyboard (HID 1.11, B.1): number, capitals, scroll lock in bits 0 to 2.
    u8 leds() const { return state_.leds; }

    Kinds kinds() const override;
    void key(u16 code, bool down) override;
    void button(backend::Button which, bool down) override;
    void move(i32 right, i32 down) override;
    void place(u16 x, u16 y) override;
    void turn(i32 down) override;
    void end_of_frame() override;

  private:
    using Report = std::vector<u8>;
    struct State {
        Standard standard;
        bool boot = false;  ///< SET_PROTOCOL
        u8 idle = 0;        ///< SET_IDLE
        u8 leds = 0;
        std::vector<u8> pressed;  ///< usages, in the order in which the keys went down
        u8 buttons = 0;
        u16 x = 0;
        u16 y = 0;
        std::vector<Report> waiting;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("standard", standard);
            visit("boot", boot);
            visit("idle", idle);
            visit("leds", leds);
            visit("pressed", pressed);
            visit("buttons", buttons);
            visit("x", x);
            visit("y", y);
            visit("waiting", waiting);
        }
    };
    /// A driver that reads nothing does not make the host keep reports for ever: what comes then is dropped.
    static constexpr std::size_t kMostWaiting = 64;
    static constexpr std::size_t kMostPressed = 32;

    bus::usb::Outcome request(const bus::usb::Setup& setup, std::span<u8> data) override;
    void was_reset() override;
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    Report keyboard_report() const;
    Report pointer_report();
    void queue(Report report);

    const usb::HidModel& model_;
    backend::Input& input_;
    State state_;
    // What came since the last report:
    i32 right_ = 0;
    i32 down_ = 0;
    i32 wheel_ = 0;
    bool changed_ = false;
};

/// A type for each model.
template <const usb::HidModel& kModel>
struct HidOf {
    using Options = Hid::Options;
    static Result<std::unique_ptr<Hid>> create(const Options& options, const bus::Surroundings& surroundings) {
        return std::make_unique<Hid>(kModel, options, surroundings.backends.input());
    }
};

}  // namespace kelvin::device
