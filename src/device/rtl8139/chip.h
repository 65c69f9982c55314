// SPDX-License-Identifier: Apache-2.0
// Realtek's RTL8139C+ without its bus: a ring of bytes and four transmit registers, or, in C+ mode, descriptors.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <vector>

#include "backend/net/network_port.h"
#include "base/event_loop.h"
#include "device/network_card/card_options.h"
#include "device/network_card/frame.h"
#include "device/network_card/serial_eeprom.h"
#include "device/rtl8139/registers.h"
#include "memory/mmio.h"
#include "state/json.h"

namespace kelvin::device::rtl {

/// The bus, as the chip sees it. Any thread, with the chip's lock held.
class ChipPort {
  public:
    virtual ~ChipPort() = default;
    virtual bool is_bus_master() const = 0;
    virtual void set_line(bool level) = 0;
};

/// Registers belong to any thread, frames to the I/O loop's. One lock guards all of it; frames are sent without it, as
/// others may come meanwhile.
class Chip final : public memory::MmioHandler, private backend::NetworkReceiver {
  public:
    static constexpr u64 kSize = 256;

    /// I/O loop's thread. All of `ends`, and `port`, outlive it.
    Chip(const state::MacAddress& address, const network_card::CardEnds& ends, ChipPort& port);
    ~Chip() override;
    Chip(const Chip&) = delete;
    Chip& operator=(const Chip&) = delete;

    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;
    /// As at power-on. Any thread.
    void reset();
    /// It may write to memory now, or no longer. Any thread.
    void bus_changed();

    // I/O loop's thread:
    state::Json save();
    Result<> load(const state::Json& saved);

  private:
    /// DTCCR's counters (9.2).
    struct Tally {
        u64 transmitted = 0;
        u64 received = 0;
        u32 missed = 0;
        u64 own = 0;
        u64 broadcasts = 0;
        u32 multicasts = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("transmitted", transmitted);
            visit("received", received);
            visit("missed", missed);
            visit("own", own);
            visit("broadcasts", broadcasts);
            visit("multicasts", multicasts);
        }
    };
    /// Where in a ring of descriptors the chip is, and the frame that it has begun there.
    struct Queue {
        u32 index = 0;
        bool broken = false;
        std::vector<u8> frame;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("index", index);
            visit("broken", broken);
            visit("frame", frame);
        }
        Result<> check() const;
    };
    struct State {
        std::array<u8, kSize> registers{};
        network_card::SerialEeprom::State eeprom;  ///< only while it is saved
        u32 next_transmit = 0;                     ///< of the four
        std::array<Queue, 2> queues;               ///< normal and high priority
        std::array<bool, 2> polled{};              ///< they were asked to look
        u32 receive_index = 0;
        Tally tally;
        i64 counter_since_ns = 0;  ///< when TCTR was 0

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("registers", registers);
            visit("eeprom", eeprom);
            visit("next_transmit", next_transmit);
            visit("queues", queues);
            visit("polled", polled);
            visit("receive_index", receive_index);
            visit("tally", tally);
            visit("counter_since_ns", counter_since_ns);
        }
        Result<> check() const;
    };
    static constexpr u32 kDescriptors = 64;  // of a ring, at most (9.3)

    // With the lock held:
    template <class T>
    T get(u32 offset) const {
        u64 value = 0;
        for (u32 index = 0; index < sizeof(T); ++index) {
            value |= u64{state_.registers[offset + index]} << 8 * index;
        }
        return static_cast<T>(value);
    }
    template <class T>
    void set(u32 offset, T value) {
        for (u32 index = 0; index < sizeof(T); ++index) {
            state_.registers[offset + index] = static_cast<u8>(u64{value} >> 8 * index);
        }
    }
    u8 read_byte(u32 offset);
    u8 writable(u32 offset) const;
    void write_byte(u32 offset, u8 value);
    void written(u32 first, u32 end);
    void reset_registers();
    void load_eeprom();
    void eeprom_written();
    void poll_written();
    void raise(u16 causes);
    void drive_line();
    void update_timer();
    u32 counter() const;
    static void timer_fired(void* chip);
    bool is_plus() const { return (get<u16>(reg::kPlusCommand) & (plus::kTransmit | plus::kReceive)) != 0; }
    bool link() const;
    void schedule_transmission();
    void schedule_ready();
    void ask_again_later();

    // Transmission (chip_transmit.cpp).
    void transmit();
    bool has_to_send() const;
    void send_register();
    bool send_descriptor(std::size_t queue);
    void emit(u32 options, u32 tag, std::span<const u8> frame);
    void emit_segments(u32 options, u32 tag, std::span<const u8> packet);
    void dump_tally();

    // Reception (chip_receive.cpp).
    bool receive(std::span<const iovec> pieces, const backend::FrameOffload& offload) override;
    void link_changed(bool up) override;
    bool accept(std::span<const u8> frame, bool summed);
    std::optional<u32> match(std::span<const u8> frame) const;
    bool store_in_ring(std::span<const u8> frame, u32 kind);
    bool store_in_descriptors(std::span<const u8> frame, u32 kind, bool summed);
    u32 ring_size() const;
    void room_came() { ends_.cable.ready(); }
    void ask_again();

    const network_card::SerialEeprom::Words initial_words_;
    const network_card::CardEnds ends_;
    ChipPort& port_;
    TimerId timer_;

    std::mutex lock_;  // guards what follows; outside the bus's and the interrupt controller's
    State state_;
    network_card::SerialEeprom eeprom_;
    bool cable_ = false;
    bool scheduled_ = false;          // transmit() is posted
    bool starved_ = false;            // a frame waits for room
    bool asking_ = false;             // ask_again() is posted
    network_card::FrameList frames_;  // used by the I/O loop without it

    // The I/O loop's thread only:
    std::vector<u8> scratch_;
    std::vector<u8> bytes_;
};

}  // namespace kelvin::device::rtl
