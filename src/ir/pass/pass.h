// SPDX-License-Identifier: Apache-2.0
// Passes: each rewrites a region in place into one that does the same. An op that goes becomes a `nop`, so that indexes
// stay. They share one linear walk, which allocates nothing once its scratch is warm, and each can be switched off to
// find a miscompile.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/region.h"

namespace kelvin::pass {

/// Storage that passes reuse from one region to the next. One for each translating thread.
struct Scratch {
    std::vector<u8> used;
    std::vector<u32> order;
    std::vector<u8> loop_headers;
    std::vector<u128> dead;
};

/// What remove_dead() removes.
struct Dead {
    /// `set`s whose value nobody can see: the register is set again, on every path, before anything reads it or may
    /// leave the region. Heads of loops count as leaving, as the back end may test for interrupts there.
    bool state = false;
    /// Ops without effects whose results are not used. FP ops stay, as they raise exceptions, and so do loads.
    bool code = false;
};
void remove_dead(ir::Region& region, Scratch& scratch, Dead kinds);

/// A set of passes.
class PassSet {
  public:
    static constexpr PassSet none() { return PassSet{0}; }
    static PassSet all();
    /// Names with commas between; or "all" or "none".
    static Result<PassSet> parse(std::string_view names);

    /// Runs those of the set that there are.
    void run(ir::Region& region, Scratch& scratch) const;
    std::string names() const;
    constexpr PassSet without(PassSet others) const { return PassSet{bits_ & ~others.bits_}; }

    constexpr bool operator==(const PassSet&) const = default;

  private:
    explicit constexpr PassSet(u32 bits) : bits_(bits) {}

    u32 bits_;
};

}  // namespace kelvin::pass
