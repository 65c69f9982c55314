// SPDX-License-Identifier: Apache-2.0
// Virtio console (virtio 1.2, 5.3): a bus of ports that carry bytes, some of which are consoles.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bus/device_type.h"
#include "bus/virtio/device.h"
#include "device/virtio_console/serial_port.h"

namespace kelvin::device {

/// What the bus needs of the console. I/O loop's thread.
class PortHolder {
  public:
    virtual ~PortHolder() = default;
    virtual void plug(u32 number, SerialPort& port) = 0;
    virtual void unplug(u32 number) = 0;
};

/// Where ports are plugged in. Ports go at once; the guest is told.
class SerialBus final : public bus::Bus {
  public:
    SerialBus(EventLoop& io, PortHolder& holder, u32 most_ports)
        : Bus("virtio-serial-bus"), io_(io), holder_(holder), most_ports_(most_ports) {}

    bool has_free_place() const override { return ports_.size() < most_ports_; }
    Result<> attach(bus::Device& device, bool hot) override;
    void detach(bus::Device& device) override;
    Result<> request_detach(bus::Device& device, bus::DetachObserver& observer) override;
    std::string place_of(const bus::Device& device) const override;

  private:
    Result<u32> choose_number(const SerialPort& port) const;
    u32 number_of(const bus::Device& device) const;

    EventLoop& io_;
    PortHolder& holder_;
    const u32 most_ports_;
    std::map<u32, SerialPort*> ports_;  // of the control loop's thread
};

class VirtioConsole final : public bus::virtio::Device, private PortHolder, private PortListener, private bus::Savable {
  public:
    struct Options {
        u32 max_ports = 31;
        bool emergency_write = true;
        bus::virtio::RingOptions ring;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("max_ports", max_ports, "how many ports there can be");
            visit("emergency-write", emergency_write, "the guest may write single characters without queues");
            ring.fields(visit);
        }
    };
    /// More would need more queues than a transport has room to notify.
    static constexpr u32 kMostPorts = 511;

    static Result<std::unique_ptr<VirtioConsole>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been checked; `name` is the bus's.
    VirtioConsole(const Options& options, EventLoop& io, memory::Dma& dma, const std::string& name);
    ~VirtioConsole() override;

    std::span<bus::Bus* const> buses() override { return {&bus_pointer_, 1}; }

  private:
    /// A port's queues.
    struct Slot {
        // Port 0's two, control's two, then two for each other port (5.3.2).
        static constexpr u16 input_queue(u32 port) { return static_cast<u16>(port == 0 ? 0 : 2 + 2 * port); }
        static constexpr u16 output_queue(u32 port) { return static_cast<u16>(input_queue(port) + 1); }

        SerialPort* port = nullptr;
        bool ready = false;      // the driver has taken note of it
        bool told_open = false;  // what the driver knows of the other end
        bool sending = false;    // `output` is on its way
        bus::virtio::Chain output;
        u64 sent = 0;  // of it, or of what it will be when it is taken again
    };
    /// To the driver (5.3.6.2).
    struct Message {
        u32 port = 0;
        u16 event = 0;
        u16 value = 0;
        std::string name = {};

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("port", port);
            visit("event", event);
            visit("value", value);
            visit("name", name);
        }
    };
    struct State;

    void started(u64 features) override;
    void stopped() override;
    void queue_notified(u16 queue) override;
    void config_written(u32 offset, std::span<const u8> data) override;
    Savable* own_state() override { return this; }
    void quiesce() override;
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;
    Result<> check(const State& saved) const;

    void plug(u32 number, SerialPort& port) override;
    void unplug(u32 number) override;
    void port_changed(SerialPort& port) override;

    bool multiport() const;
    void take_commands();
    void obey(const Message& command);
    void port_ready(u32 number, Slot& slot);
    void tell(Message message);
    void send_messages();
    void move_input(u32 number, Slot& slot);
    void move_output(u32 number, Slot& slot);
    bool send_chain(Slot& slot, u64& fuel);

    SerialBus bus_;
    bus::Bus* bus_pointer_ = &bus_;
    std::vector<Slot> slots_;  // by port
    std::deque<Message> messages_;
    bool driver_ready_ = false;
    bus::virtio::Chain chain_;
    std::vector<u8> bytes_;
};

}  // namespace kelvin::device
