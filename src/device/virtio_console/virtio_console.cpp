// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_console/virtio_console.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace kelvin::device {

using bus::virtio::Chain;

namespace {

constexpr u64 kMultiport = u64{1} << 1;
constexpr u64 kEmergencyWrite = u64{1} << 2;

// Configuration space (5.3.4).
constexpr u32 kConfigSize = 12;
constexpr u32 kMaxPortsAt = 4;
constexpr u32 kEmergencyAt = 8;

// Queues (5.3.2): port 0's two, control's two, then two for each other port.
constexpr u16 kControlIn = 2;
constexpr u16 kControlOut = 3;
constexpr u16 kQueueSize = 128;
constexpr u16 kControlQueueSize = 32;

// Control messages (5.3.6.2).
constexpr std::size_t kMessageSize = 8;
constexpr u16 kDeviceReady = 0;
constexpr u16 kPortAdd = 1;
constexpr u16 kPortRemove = 2;
constexpr u16 kPortReady = 3;
constexpr u16 kConsolePort = 4;
constexpr u16 kPortOpen = 6;
constexpr u16 kPortName = 7;

/// No command is taken while this many messages wait: a driver that asks and does not listen makes nothing grow.
constexpr std::size_t kMostMessages = 1024;
/// What one port moves before others have their turn.
constexpr u64 kTurn = u64{1} << 20;
constexpr std::size_t kPiece = std::size_t{64} << 10;

u64 offered(const VirtioConsole::Options& options) {
    return options.ring.features() | (options.max_ports > 1 ? kMultiport : 0) |
           (options.emergency_write ? kEmergencyWrite : 0);
}

std::vector<u16> queue_sizes(u32 ports) {
    std::vector<u16> sizes(2 * std::size_t{ports} + (ports > 1 ? 2 : 0), kQueueSize);
    if (ports > 1) {
        sizes[kControlIn] = kControlQueueSize;
        sizes[kControlOut] = kControlQueueSize;
    }
    return sizes;
}

}  // namespace

Result<std::unique_ptr<VirtioConsole>> VirtioConsole::create(const Options& options,
                                                             const bus::Surroundings& surroundings) {
    if (options.max_ports == 0 || options.max_ports > kMostPorts) {
        return user_error(fmt::format("max_ports={} is not from 1 to {}", options.max_ports, kMostPorts));
    }
    const std::string name = (surroundings.id.empty() ? "virtio-serial-bus" : surroundings.id) + ".0";
    return std::make_unique<VirtioConsole>(options, surroundings.io, surroundings.dma, name);
}

VirtioConsole::VirtioConsole(const Options& options, EventLoop& io, memory::Dma& dma, const std::string& name)
    : Device({.id = 3,
              .pci_class = 0x078000,
              .features = offered(options),
              .queue_sizes = queue_sizes(options.max_ports),
              .config_size = kConfigSize},
             io, dma),
      bus_(io, *this, options.max_ports),
      slots_(options.max_ports),
      bytes_(kPiece) {
    bus_.set_name(name);
    std::array<u8, sizeof(u32)> ports{};
    std::memcpy(ports.data(), &options.max_ports, sizeof(u32));
    set_config(kMaxPortsAt, ports);
}

VirtioConsole::~VirtioConsole() {
    bus::virtio::Device::reset();
}

bool VirtioConsole::multiport() const {
    return has(kMultiport);
}

void VirtioConsole::started(u64) {
    if (!multiport() && slots_.front().port != nullptr) {
        slots_.front().port->set_guest_open(true);
    }
}

void VirtioConsole::stopped() {
    for (Slot& slot : slots_) {
        slot.ready = false;
        slot.told_open = false;
        slot.sending = false;
        slot.sent = 0;
        if (slot.port != nullptr) {
            slot.port->set_guest_open(false);
        }
    }
    messages_.clear();
    driver_ready_ = false;
}

void VirtioConsole::queue_notified(u16 queue) {
    if (queue == kControlIn) {
        return send_messages();
    }
    if (queue == kControlOut) {
        return take_commands();
    }
    const u32 number = queue < kControlIn ? 0 : queue / 2U - 1;
    Slot& slot = slots_.at(number);
    if (number != 0 && !multiport()) {
        return;
    }
    queue % 2 == 0 ? move_input(number, slot) : move_output(number, slot);
}

void VirtioConsole::config_written(u32 offset, std::span<const u8> data) {
    // 5.3.4: before anything was negotiated, too.
    if (offset == kEmergencyAt && (identity().features & kEmergencyWrite) != 0 && slots_.front().port != nullptr) {
        slots_.front().port->send_emergency(data.front());
    }
}

void VirtioConsole::plug(u32 number, SerialPort& port) {
    slots_[number].port = &port;
    port.set_listener(this);
    if (running() && driver_ready_) {
        tell({number, kPortAdd, 1});
    } else if (running() && !multiport() && number == 0) {
        port.set_guest_open(true);
    }
}

void VirtioConsole::unplug(u32 number) {
    Slot& slot = slots_[number];
    slot.port->set_listener(nullptr);
    slot.port->set_guest_open(false);
    if (slot.sending) {
        give_back(Slot::output_queue(number), slot.output, 0);
    }
    slot = {};
    std::erase_if(messages_, [&](const Message& message) { return message.port == number; });
    if (driver_ready_) {
        tell({number, kPortRemove, 1});
    }
}

void VirtioConsole::port_changed(SerialPort& port) {
    const auto slot = std::ranges::find(slots_, &port, &Slot::port);
    if (!running() || slot == slots_.end()) {
        return;
    }
    const auto number = static_cast<u32>(slot - slots_.begin());
    move_input(number, *slot);
    if (slot->sending) {
        move_output(number, *slot);
    }
}

void VirtioConsole::take_commands() {
    if (messages_.size() >= kMostMessages) {
        return;
    }
    serve(kControlOut, chain_, [this](const Chain& chain) {
        std::array<u8, kMessageSize> bytes{};
        const bool whole = chain.read(0, bytes);
        give_back(kControlOut, chain, 0);
        if (whole) {
            Message command;
            std::memcpy(&command.port, bytes.data(), 4);
            std::memcpy(&command.event, bytes.data() + 4, 2);
            std::memcpy(&command.value, bytes.data() + 6, 2);
            obey(command);
        }
        return messages_.size() < kMostMessages;
    });
}

/// 5.3.5: only who knows several ports has a control queue.
void VirtioConsole::obey(const Message& command) {
    if (!multiport()) {
        return;
    }
    if (command.event == kDeviceReady) {
        driver_ready_ = command.value == 1;
        for (u32 number = 0; driver_ready_ && number < slots_.size(); ++number) {
            if (slots_[number].port != nullptr) {
                tell({number, kPortAdd, 1});
            }
        }
        return;
    }
    if (command.port >= slots_.size() || slots_[command.port].port == nullptr) {
        return;  // of a port that has just gone, or never was
    }
    Slot& slot = slots_[command.port];
    if (command.event == kPortReady && command.value == 1) {
        port_ready(command.port, slot);
    } else if (command.event == kPortOpen) {
        slot.port->set_guest_open(command.value == 1);
        move_input(command.port, slot);
    }
}

void VirtioConsole::port_ready(u32 number, Slot& slot) {
    slot.ready = true;
    if (slot.port->is_console()) {
        tell({number, kConsolePort, 1});
    }
    if (!slot.port->name().empty()) {
        tell({number, kPortName, 1, slot.port->name()});
    }
    slot.told_open = slot.port->host_open();
    if (slot.told_open) {
        tell({number, kPortOpen, 1});
    }
}

void VirtioConsole::tell(Message message) {
    messages_.push_back(std::move(message));
    send_messages();
}

void VirtioConsole::send_messages() {
    const bool was_full = messages_.size() >= kMostMessages;
    // A driver could offer buffers that are too small for any message as fast as they are given back.
    unsigned fuel = kFuel;
    while (!messages_.empty() && fuel != 0 && next_chain(kControlIn, chain_)) {
        --fuel;
        const Message& message = messages_.front();
        std::vector<u8> bytes(kMessageSize);
        std::memcpy(bytes.data(), &message.port, 4);
        std::memcpy(bytes.data() + 4, &message.event, 2);
        std::memcpy(bytes.data() + 6, &message.value, 2);
        bytes.insert(bytes.end(), message.name.begin(), message.name.end());
        const u64 room = std::min<u64>(bytes.size(), chain_.writable_size());
        const bool written = room >= kMessageSize && chain_.write(0, std::span(bytes).first(room));
        give_back(kControlIn, chain_, written ? room : 0);
        if (written) {
            messages_.pop_front();
        }
    }
    if (fuel == 0) {
        notify(kControlIn);
    }
    if (was_full && messages_.size() < kMostMessages) {
        notify(kControlOut);
    }
}

void VirtioConsole::move_input(u32 number, Slot& slot) {
    if (slot.port == nullptr) {
        return;
    }
    u64 fuel = kTurn;
    if (slot.port->is_guest_open() && slot.port->has_input()) {
        serve(Slot::input_queue(number), chain_, [&](const Chain& chain) {
            u64 filled = 0;
            while (filled < chain.writable_size()) {
                const u64 room = std::min<u64>(chain.writable_size() - filled, bytes_.size());
                const std::size_t count = slot.port->fetch(std::span(bytes_).first(room));
                if (count == 0) {
                    break;
                }
                static_cast<void>(chain.write(filled, std::span(bytes_).first(count)));
                filled += count;
            }
            give_back(Slot::input_queue(number), chain, filled);
            fuel -= std::min(fuel, filled);
            return fuel != 0 && slot.port->has_input();
        });
    }
    if (fuel == 0) {
        notify(Slot::input_queue(number));
    }
    const bool open = slot.port->host_open();
    if (slot.ready && open != slot.told_open) {
        slot.told_open = open;
        tell({number, kPortOpen, static_cast<u16>(open)});
    }
}

void VirtioConsole::move_output(u32 number, Slot& slot) {
    const u16 queue = Slot::output_queue(number);
    u64 fuel = kTurn;
    for (unsigned chains = kFuel; chains != 0 && fuel != 0; --chains) {
        if (!slot.sending && !next_chain(queue, slot.output)) {
            return;
        }
        slot.sending = true;
        if (slot.port != nullptr && !send_chain(slot, fuel)) {
            if (fuel != 0) {
                return;
            }
            break;
        }
        slot.sending = false;
        slot.sent = 0;
        give_back(queue, slot.output, 0);
    }
    notify(queue);
}

/// False: not all of it has gone, because there is no room, or no `fuel`.
bool VirtioConsole::send_chain(Slot& slot, u64& fuel) {
    const u64 size = slot.output.readable_size();
    while (slot.sent < size) {
        const u64 count = std::min({size - slot.sent, u64{kPiece}, fuel});
        const std::span<u8> piece = std::span(bytes_).first(count);
        if (count == 0 || !slot.output.read(slot.sent, piece)) {
            return false;
        }
        const std::size_t taken = slot.port->send(piece);
        slot.sent += taken;
        fuel -= taken;
        if (taken < count) {
            return false;
        }
    }
    return true;
}

}  // namespace kelvin::device
