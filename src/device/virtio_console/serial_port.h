// SPDX-License-Identifier: Apache-2.0
// A port of a virtio console (virtio 1.2, 5.3): what is between its queues and the host's end of its line.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backend/char/character_device.h"
#include "base/event_loop.h"
#include "bus/device_type.h"
#include "bus/saved_by_its_bus.h"

namespace kelvin::device {

class SerialPort;

/// Whose port it is. I/O loop's thread.
class PortListener {
  public:
    virtual ~PortListener() = default;
    /// There is input, room for output, or somebody came to the other end or went.
    virtual void port_changed(SerialPort& port) = 0;
};

/// The I/O loop's thread, but for what its line calls.
class SerialPort final : public bus::Device, private bus::SavedByItsBus, private backend::CharacterReceiver {
  public:
    struct Options {
        std::string chardev;
        std::string name;
        std::optional<u32> nr;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("chardev", chardev, "the -chardev at the other end");
            visit("name", name, "what the guest finds it by: org.qemu.guest_agent.0");
            visit("nr", nr, "number of the port; the first free one if left out");
        }
    };
    enum class Kind : u8 { serial, console };
    /// A driver's buffers for control messages have a page.
    static constexpr std::size_t kLongestName = 255;

    static Result<std::unique_ptr<SerialPort>> create(const Options& options, const bus::Surroundings& surroundings,
                                                      Kind kind);

    /// `line` may be null: nobody is at the other end.
    SerialPort(Options options, Kind kind, std::string id, EventLoop& io, bus::DeviceEvents& events,
               backend::CharacterBackend* line);
    ~SerialPort() override;

    void reset() override {}
    Savable* savable() override { return this; }

    bool is_console() const { return kind_ == Kind::console; }
    const std::string& name() const { return options_.name; }
    /// That the user has asked for.
    std::optional<u32> wanted_number() const { return options_.nr; }
    /// While it is plugged in; null: no more.
    void set_listener(PortListener* listener) { listener_ = listener; }

    /// The guest has opened its end, or closed it: until then nothing is read from the line.
    void set_guest_open(bool open);
    bool is_guest_open() const { return guest_open_; }
    /// How much of what the guest has written the line takes now. The listener is told when it takes more.
    std::size_t send(std::span<const u8> bytes);
    /// A character that is sent at once, whatever is on its way (5.3.4).
    void send_emergency(u8 character);

    bool has_input() const;
    /// Moves input to `out`: how much.
    std::size_t fetch(std::span<u8> out);
    /// Somebody is at the other end, as far as the guest is to know: who goes is seen to go when all that they have
    /// sent was fetched, and before anything that the next one sends.
    bool host_open();

    /// For who is at its other end: what has come from there, and what the guest knows of them.
    struct State {
        std::vector<u8> input;  ///< read ahead
        bool host_open = false;
        std::vector<bool> changes;  ///< not yet told of

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("input", input);
            visit("host_open", host_open);
            visit("changes", changes);
        }
        Result<> check() const;
    };
    State save_host() const;
    /// The guest is told, in its turn, of who is there now and was not then, or the other way round. `state` has been
    /// checked.
    void restore_host(const State& state);

  private:
    /// How much is read ahead of the guest's buffers.
    static constexpr std::size_t kMostInput = std::size_t{256} << 10;

    std::size_t space() override;
    void receive(std::span<const u8> bytes) override;
    void connected() override { change_peer(true); }
    void disconnected() override { change_peer(false); }
    void output_possible() override;

    void change_peer(bool present);
    void note_change_locked(bool present);
    void stir_locked();
    void stirred();
    void waited_enough();

    const Options options_;
    const Kind kind_;
    const std::string id_;
    EventLoop& io_;
    bus::DeviceEvents& events_;
    backend::CharacterBackend* const line_;
    PortListener* listener_ = nullptr;
    bool guest_open_ = false;
    bool host_open_ = false;
    bool waiting_ = false;  // the line has not taken all
    bool hurried_ = false;  // it has not done so for long: it gets everything, and keeps or drops it

    mutable std::mutex mutex_;  // guards what follows; innermost but for the loop's
    std::deque<u8> input_;
    std::deque<bool> changes_;  // of the other end, not yet told of
    bool accepting_ = false;    // the guest has its end open
    bool room_ = false;         // the line takes output again
    bool stir_posted_ = false;
};

}  // namespace kelvin::device
