// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_input/virtio_input.h"

#include <fmt/format.h>
#include <linux/input-event-codes.h>
#include <linux/input.h>

#include <algorithm>

#include "backend/input/key_names.h"
#include "device/virtio_input/models.h"
#include "state/saved_state.h"

namespace kelvin::device {

namespace {

constexpr u16 kEvents = 0;
constexpr u16 kStatus = 1;

// 5.8.4, enum virtio_input_config_select.
constexpr u8 kIdName = 0x01;
constexpr u8 kIdSerial = 0x02;
constexpr u8 kIdDevice = 0x03;
constexpr u8 kEventBits = 0x11;
constexpr u8 kAxis = 0x12;

// struct virtio_input_config: select, subsel, size, 5 bytes reserved, and what was selected.
constexpr u32 kSize = 2;
constexpr u32 kContent = 8;
constexpr u32 kMostContent = 128;
constexpr u32 kConfigSize = kContent + kMostContent;

/// QEMU's, by which guests know these devices.
constexpr u16 kVendor = 0x0627;
constexpr u16 kVersion = 1;

constexpr u16 kButtons[] = {BTN_LEFT, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE, BTN_EXTRA};  // as backend::Button

void append(std::vector<u8>& out, u64 value, unsigned size) {
    for (unsigned index = 0; index < size; ++index) {
        out.push_back(static_cast<u8>(value >> index * 8));
    }
}

/// Without zeros behind the last bit: the size says how far the driver has to look.
std::vector<u8> bitmap(std::span<const u16> numbers) {
    std::vector<u8> bytes;
    for (const u16 number : numbers) {
        bytes.resize(std::max<std::size_t>(bytes.size(), number / 8 + 1));
        bytes[number / 8] = static_cast<u8>(bytes[number / 8] | 1U << number % 8);
    }
    return bytes;
}

/// Which codes of an event type a device has; none: not of this type.
std::vector<u16> codes(const backend::InputReceiver::Kinds& kinds, u8 type) {
    const bool points = kinds.relative || kinds.absolute;
    std::vector<u16> all;
    if (type == EV_KEY && kinds.keys) {
        std::ranges::transform(backend::key_names(), std::back_inserter(all), &backend::KeyName::code);
    } else if (type == EV_KEY && points) {
        all.assign(std::begin(kButtons), std::end(kButtons));
    } else if (type == EV_REL && kinds.relative) {
        all = {REL_X, REL_Y, REL_WHEEL};
    } else if (type == EV_REL && kinds.absolute) {
        all = {REL_WHEEL};
    } else if (type == EV_ABS && kinds.absolute) {
        all = {ABS_X, ABS_Y};
    } else if (type == EV_REP && kinds.keys) {
        all = {REP_DELAY, REP_PERIOD};
    } else if (type == EV_LED && kinds.keys) {
        all = {LED_NUML, LED_CAPSL, LED_SCROLLL};
    }
    return all;
}

}  // namespace

const InputModel kVirtioKeyboard = {"QEMU Virtio Keyboard", 1, 0x090000, {.keys = true}};
const InputModel kVirtioMouse = {"QEMU Virtio Mouse", 2, 0x090200, {.relative = true}};
const InputModel kVirtioTablet = {"QEMU Virtio Tablet", 3, 0x098000, {.absolute = true}};

Result<std::unique_ptr<VirtioInput>> VirtioInput::create(const InputModel& model, const Options& options,
                                                         const bus::Surroundings& surroundings) {
    if (options.serial.size() > kMostContent) {
        return user_error(fmt::format("the serial number has {} characters", options.serial.size()),
                          fmt::format("it has {} at most", kMostContent));
    }
    return std::make_unique<VirtioInput>(model, options, surroundings.io, surroundings.dma,
                                         surroundings.backends.input());
}

VirtioInput::VirtioInput(const InputModel& model, const Options& options, EventLoop& io, memory::Dma& dma,
                         backend::Input& input)
    : Device({.id = 18,
              .pci_class = model.pci_class,
              .features = options.ring.features(),
              .queue_sizes = {64, 64},
              .config_size = kConfigSize},
             io, dma),
      model_(model),
      serial_(options.serial),
      input_(input) {
    input_.add(*this);
}

VirtioInput::~VirtioInput() {
    input_.remove(*this);
}

backend::InputReceiver::Kinds VirtioInput::kinds() const {
    return model_.kinds;
}

void VirtioInput::stopped() {
    frame_.clear();
    waiting_.clear();
}

std::vector<u8> VirtioInput::describe(u8 select, u8 subsel) const {
    std::vector<u8> content;
    switch (select) {
        case kIdName:
            return {model_.name.begin(), model_.name.end()};
        case kIdSerial:
            return {serial_.begin(), serial_.end()};
        case kIdDevice:
            for (const u16 number : {u16{BUS_VIRTUAL}, kVendor, model_.product, kVersion}) {
                append(content, number, 2);
            }
            return content;
        case kEventBits:
            return bitmap(codes(model_.kinds, subsel));
        case kAxis:
            return describe_axis(subsel);
        default:
            return {};
    }
}

/// struct virtio_input_absinfo: least, most, fuzz, flat, resolution.
std::vector<u8> VirtioInput::describe_axis(u8 axis) const {
    std::vector<u8> content;
    if (model_.kinds.absolute && (axis == ABS_X || axis == ABS_Y)) {
        for (const u32 number : {0U, u32{kFarthest}, 0U, 0U, 0U}) {
            append(content, number, 4);
        }
    }
    return content;
}

/// "The device MUST set the size field to zero if it doesn't support a given select and subsel combination" (5.8.5.2).
void VirtioInput::show_config() {
    const std::vector<u8> content = describe(selected_[0], selected_[1]);
    KELVIN_ASSERT(content.size() <= kMostContent);
    std::array<u8, kConfigSize> config{};
    std::ranges::copy(selected_, config.begin());
    config[kSize] = static_cast<u8>(content.size());
    std::ranges::copy(content, config.begin() + kContent);
    set_config(0, config);
}

void VirtioInput::config_written(u32 offset, std::span<const u8> data) {
    for (std::size_t index = 0; index < data.size() && offset + index < selected_.size(); ++index) {
        selected_[offset + index] = data[index];
    }
    show_config();
}

/// What the driver says of lamps and repetition is taken, and shown nowhere.
void VirtioInput::queue_notified(u16 queue) {
    if (queue == kStatus) {
        serve(kStatus, chain_, [this](const bus::virtio::Chain& chain) {
            give_back(kStatus, chain, 0);
            return true;
        });
    } else {
        send();
    }
}

void VirtioInput::add(u16 type, u16 code, i32 value) {
    if (running() && frame_.size() < kLongestFrame) {
        frame_.push_back({type, code, static_cast<u32>(value)});
    }
}

void VirtioInput::key(u16 code, bool down) {
    add(EV_KEY, code, down ? 1 : 0);
}

void VirtioInput::button(backend::Button which, bool down) {
    add(EV_KEY, kButtons[static_cast<std::size_t>(which)], down ? 1 : 0);
}

void VirtioInput::move(i32 right, i32 down) {
    if (right != 0) {
        add(EV_REL, REL_X, right);
    }
    if (down != 0) {
        add(EV_REL, REL_Y, down);
    }
}

void VirtioInput::place(u16 x, u16 y) {
    add(EV_ABS, ABS_X, x);
    add(EV_ABS, ABS_Y, y);
}

void VirtioInput::turn(i32 down) {
    constexpr i32 kMostClicks = 127;
    add(EV_REL, REL_WHEEL, -std::clamp(down, -kMostClicks, kMostClicks));
}

/// Events of a frame are not dropped one by one (5.8.6.2).
void VirtioInput::end_of_frame() {
    if (!frame_.empty() && waiting_.size() + frame_.size() < kMostWaiting) {
        std::ranges::copy(frame_, std::back_inserter(waiting_));
        waiting_.push_back({EV_SYN, SYN_REPORT, 0});
        send();
    }
    frame_.clear();
}

/// One event a buffer; what finds none waits for it.
void VirtioInput::send() {
    while (running() && !waiting_.empty() && next_chain(kEvents, chain_)) {
        const Event event = waiting_.front();
        std::vector<u8> bytes;
        append(bytes, event.type, 2);
        append(bytes, event.code, 2);
        append(bytes, event.value, 4);
        if (!chain_.write(0, bytes)) {
            return fail(fmt::format("a buffer for events of {} bytes", chain_.writable_size()));
        }
        waiting_.pop_front();
        give_back(kEvents, chain_, bytes.size());
    }
}

Result<state::Json> VirtioInput::save() {
    State saved{selected_[0], selected_[1], {waiting_.begin(), waiting_.end()}};
    return state::save_state(saved);
}

Result<> VirtioInput::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    if (saved.waiting.size() > (running() ? kMostWaiting : 0)) {
        return user_error(fmt::format(".waiting: {} events are too many", saved.waiting.size()));
    }
    frame_.clear();
    waiting_.assign(saved.waiting.begin(), saved.waiting.end());
    selected_ = {saved.select, saved.subsel};
    show_config();
    return ok();
}

}  // namespace kelvin::device
