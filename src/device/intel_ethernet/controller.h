// SPDX-License-Identifier: Apache-2.0
// Intel's gigabit Ethernet controllers 82540EM and 82574L without their bus: registers, and what they make happen.
#pragma once

#include <array>
#include <mutex>
#include <vector>

#include "backend/net/network_port.h"
#include "base/event_loop.h"
#include "bus/word_registers.h"
#include "device/intel_ethernet/interrupts.h"
#include "device/intel_ethernet/phy.h"
#include "device/intel_ethernet/receiver.h"
#include "device/intel_ethernet/register_file.h"
#include "device/intel_ethernet/transmitter.h"
#include "device/network_card/card_options.h"
#include "device/network_card/serial_eeprom.h"
#include "memory/dma.h"
#include "state/json.h"
#include "state/option_types.h"

namespace kelvin::device::intel {

struct Model {
    const RegisterLayout& layout;
    u16 device;        ///< PCI's number of it
    u32 phy;           ///< both identifiers of the transceiver
    bool is_extended;  ///< an 82574: two queues each way, messages, descriptors with more in them
};

/// Registers belong to any thread, frames to the I/O loop's. One lock guards all of it; frames are sent without it, as
/// others may come meanwhile.
class Controller final : public bus::WordRegisters, private backend::NetworkReceiver {
  public:
    static constexpr u64 kSize = 128 << 10;

    /// I/O loop's thread. All of `ends`, and `port`, outlive it.
    Controller(const Model& model, const state::MacAddress& address, const network_card::CardEnds& ends,
               ControllerPort& port);
    ~Controller() override;
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;

    /// As at power-on. Any thread.
    void reset();
    /// The host has switched between messages and the line, or bus mastering on or off. Any thread.
    void bus_changed();

    // I/O loop's thread:
    void quiesce();
    state::Json save();
    Result<> load(const state::Json& saved);

  private:
    struct Saved;

    u32 read_word(u64 offset) override;
    void write_word(u64 offset, u32 value, u32 mask) override;
    bool receive(std::span<const iovec> pieces, const backend::FrameOffload& offload) override;
    void link_changed(bool up) override;

    // With the lock held:
    u32 read_register(u32 offset);
    u32 read_statistic(u32 offset);
    bool write_command(u32 offset, u32 value);
    void written(u32 offset, u32 value);
    void reset_registers();
    void control_written(u32 value);
    void eeprom_written();
    void read_eeprom(u32 value);
    void write_eeprom(u32 value);
    void access_phy(u32 value);
    void update_link(bool negotiated);
    void schedule_transmission();
    void schedule_ready();
    bool loops_back() const;
    u64 time() const;
    void set_time(u64 value);

    void transmit();
    void room_came() { ends_.cable.ready(); }

    const Model model_;
    const network_card::SerialEeprom::Words initial_words_;
    const network_card::CardEnds ends_;
    ControllerPort& port_;

    std::mutex lock_;  // guards what follows; outside the bus's and the interrupt controller's
    RegisterFile registers_;
    Phy phy_;
    network_card::SerialEeprom eeprom_;
    Interrupts interrupts_;
    Receiver receiver_;
    std::array<Transmitter, 2> transmitters_;
    bool scheduled_ = false;  // transmit() is posted
    bool starved_ = false;    // a frame waits for room
    u64 time_base_ = 0;       // SYSTIM at the next
    i64 time_since_ns_ = 0;

    // The I/O loop's thread only:
    network_card::FrameList frames_;
    std::vector<u8> scratch_;
};

}  // namespace kelvin::device::intel
