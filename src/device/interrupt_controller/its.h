// SPDX-License-Identifier: Apache-2.0
// GICv3's Interrupt Translation Service (IHI 0069, chapter 5): a device's number and an event's make an LPI of a
// processor. Physical LPIs only, 16 bits each of device, event, collection and interrupt.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <vector>

#include "bus/msi.h"
#include "bus/word_registers.h"
#include "device/interrupt_controller/gicv3.h"
#include "device/interrupt_controller/its_tables.h"

namespace kelvin::device {

/// Any thread. Its lock is taken inside any other device's, and outside the GIC's.
class Its final : public bus::WordRegisters, public bus::MsiController {
  public:
    static constexpr u64 kSize = 0x20000;  ///< control registers, then GITS_TRANSLATER's page
    static constexpr u64 kTranslater = 0x10040;

    struct State {
        bool enabled = false;  ///< GITS_CTLR.Enabled
        u64 command_base = 0;  ///< GITS_CBASER
        u32 written = 0;       ///< GITS_CWRITER.Offset
        u32 read = 0;          ///< GITS_CREADR.Offset
        bool stalled = false;  ///< GITS_CREADR.Stalled
        ItsTables::Base devices;
        ItsTables::Base collections;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("enabled", enabled);
            visit("command_base", command_base);
            visit("written", written);
            visit("read", read);
            visit("stalled", stalled);
            visit("devices", devices);
            visit("collections", collections);
        }
    };

    /// `gic`, which has LPIs, and `dma` outlive this object. `base` is where the board has put the registers.
    Its(Gicv3& gic, const memory::Dma& dma, Gpa base);

    /// The event is the message's data. One that is not mapped is lost (5.2.10).
    void deliver(const bus::Msi& message) override;

    void reset();
    State save() const;
    void restore(const State& state);

  private:
    using Command = std::array<u64, 4>;
    struct Target {
        u16 processor = 0;
        u32 intid = 0;
    };
    /// A mapped event, as the tables had it: spares three reads of guest memory a message.
    struct Cached {
        u64 key = 0;  ///< 0: none
        Target target;
    };

    // Everything below expects the lock to be held, read_word() and write_word() excepted.
    u32 read_word(u64 offset) override;
    void write_word(u64 offset, u32 value, u32 mask) override;
    u64 read_register(u64 offset) const;
    void write_control(u32 value, u32 mask);
    void write_command_register(u64 offset, u32 value, u32 mask);

    void run_commands();
    void execute(const Command& command);
    void map_device(const Command& command);
    void map_collection(const Command& command);
    void map_event(const Command& command);
    void move_event(const Command& command);
    void move_all(const Command& command);
    void reload_collection(const Command& command);
    void discard(const Command& command);
    void with_target(const Command& command, void (Gicv3::*action)(unsigned cpu, u32 intid));

    static u64 key_of(u32 device, u32 event) { return u64{1} << 63 | u64{device} << 32 | event; }
    Cached& cache_slot(u32 device, u32 event);
    void forget(u32 device, u32 event);
    void forget_all();
    std::optional<u16> processor_of(u16 collection) const;
    std::optional<Target> look_up(u32 device, u32 event) const;
    std::optional<Target> translate(u32 device, u32 event);

    Gicv3& gic_;
    const memory::Dma& dma_;
    const ItsTables tables_;
    const Gpa base_;

    mutable std::mutex lock_;
    State state_;
    std::vector<Cached> cache_;
};

}  // namespace kelvin::device
