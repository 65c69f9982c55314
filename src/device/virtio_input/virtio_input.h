// SPDX-License-Identifier: Apache-2.0
// Virtio input device (virtio 1.2, 5.8): a keyboard, a mouse or a tablet.
#pragma once

#include <array>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "backend/input/input.h"
#include "bus/device_type.h"
#include "bus/virtio/device.h"

namespace kelvin::device {

/// What makes a kind of input device, for virtio and for Linux.
struct InputModel;
extern const InputModel kVirtioKeyboard;
extern const InputModel kVirtioMouse;
extern const InputModel kVirtioTablet;

/// I/O loop's thread, as the machine's input comes there.
class VirtioInput : public bus::virtio::Device, public backend::InputReceiver, private bus::Savable {
  public:
    struct Options {
        std::string serial;
        bus::virtio::RingOptions ring;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("serial", serial, "its serial number, for the guest to see");
            ring.fields(visit);
        }
    };
    static Result<std::unique_ptr<VirtioInput>> create(const InputModel& model, const Options& options,
                                                       const bus::Surroundings& surroundings);

    /// All of it outlives the device.
    VirtioInput(const InputModel& model, const Options& options, EventLoop& io, memory::Dma& dma,
                backend::Input& input);
    ~VirtioInput() override;

    Kinds kinds() const override;
    void key(u16 code, bool down) override;
    void button(backend::Button which, bool down) override;
    void move(i32 right, i32 down) override;
    void place(u16 x, u16 y) override;
    void turn(i32 down) override;
    void end_of_frame() override;

  private:
    /// struct virtio_input_event (5.8.6).
    struct Event {
        u16 type = 0;
        u16 code = 0;
        u32 value = 0;
        template <class Visitor>
        void fields(Visitor& visit) {
            visit("type", type);
            visit("code", code);
            visit("value", value);
        }
    };
    struct State {
        u8 select = 0;
        u8 subsel = 0;
        std::vector<Event> waiting;
        template <class Visitor>
        void fields(Visitor& visit) {
            visit("select", select);
            visit("subsel", subsel);
            visit("waiting", waiting);
        }
    };
    /// A driver that takes no events does not make the host keep them for ever: whole frames are dropped.
    static constexpr std::size_t kMostWaiting = 1024;
    /// More than a person does at a time; the rest of a frame is dropped.
    static constexpr std::size_t kLongestFrame = 64;

    void started(u64) override {}
    void stopped() override;
    void queue_notified(u16 queue) override;
    void config_written(u32 offset, std::span<const u8> data) override;
    Savable* own_state() override { return this; }
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    void add(u16 type, u16 code, i32 value);
    void send();
    void show_config();
    std::vector<u8> describe(u8 select, u8 subsel) const;
    std::vector<u8> describe_axis(u8 axis) const;

    const InputModel& model_;
    const std::string serial_;
    backend::Input& input_;
    std::array<u8, 2> selected_{};  // select, subsel
    std::vector<Event> frame_;
    std::deque<Event> waiting_;
    bus::virtio::Chain chain_;
};

/// A type for each model.
template <const InputModel& kModel>
struct VirtioInputOf {
    using Options = VirtioInput::Options;
    static Result<std::unique_ptr<VirtioInput>> create(const Options& options, const bus::Surroundings& surroundings) {
        return VirtioInput::create(kModel, options, surroundings);
    }
};

}  // namespace kelvin::device
