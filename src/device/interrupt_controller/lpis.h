// SPDX-License-Identifier: Apache-2.0
// Locality-specific peripheral interrupts of one redistributor (IHI 0069 5.1): what is pending, and which is most
// urgent.
#pragma once

#include <optional>
#include <vector>

#include "base/types.h"
#include "memory/dma.h"

namespace kelvin::device {

/// GICR_CTLR, GICR_PROPBASER, GICR_PENDBASER and what they lead to. No lock: it is guarded by that of its GIC.
/// The configuration table is read in guest memory when an interrupt becomes pending, is asked about by INV or INVALL,
/// or competes anew; pending bits are held here while LPIs are enabled, and in the guest's table else.
class Lpis {
  public:
    static constexpr u32 kFirst = 8192;
    static constexpr u32 kEnd = 65536;  ///< 16 bits of INTID
    static constexpr u32 kWords = (kEnd - kFirst) / 64;
    static constexpr u64 kRegisterBegin = 0x70;  ///< offsets of GICR_PROPBASER and GICR_PENDBASER
    static constexpr u64 kRegisterEnd = 0x80;

    struct State {
        bool enabled = false;  ///< GICR_CTLR.EnableLPIs
        u64 properties = 0;    ///< GICR_PROPBASER
        u64 pending_base = 0;  ///< GICR_PENDBASER
        std::vector<u64> pending = std::vector<u64>(kWords);

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("enabled", enabled);
            visit("properties", properties);
            visit("pending_base", pending_base);
            visit("pending", pending);
        }
    };
    struct Best {
        u32 intid = 0;
        u8 priority = 0;
    };

    /// `dma` outlives this object.
    explicit Lpis(const memory::Dma& dma) : dma_(&dma) {}

    void reset();
    const State& state() const { return state_; }
    void restore(const State& state);

    u32 read_control() const;
    void write_control(u32 value);
    /// `offset` is a multiple of 4 from kRegisterBegin on.
    u32 read_register(u64 offset) const;
    void write_register(u64 offset, u32 value, u32 mask);

    /// Nothing happens for an interrupt that GICR_PROPBASER does not cover, or while LPIs are disabled.
    void set_pending(u32 intid);
    /// Whether it was pending.
    bool clear_pending(u32 intid);
    /// The configuration of one interrupt, or of any, may have changed.
    void reload(u32 intid);
    void reload_all() { find_best(); }
    /// All that is pending becomes pending in `target`, which is another.
    void move_all(Lpis& target);

    const std::optional<Best>& best() const { return best_; }

  private:
    static constexpr u32 kSummaryWords = kWords / 64;
    static_assert(kWords % 64 == 0);

    bool is_pending(u32 intid) const;
    std::optional<Best> configuration(u32 intid) const;
    void consider(u32 intid);
    void find_best();
    void enable();
    void map_configuration();
    void store_pending() const;

    const memory::Dma* dma_;
    State state_;
    std::vector<u64> occupied_ = std::vector<u64>(kSummaryWords);  ///< bit n: word n of `pending` is not zero
    memory::RamSlice configuration_;                               ///< a byte an interrupt, from kFirst on
    std::optional<Best> best_;                                     ///< of those pending and enabled
};

}  // namespace kelvin::device
