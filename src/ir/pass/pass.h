// SPDX-License-Identifier: Apache-2.0
// Passes: each rewrites a region in place into one that does the same. An op that goes becomes a `nop`, so that indexes
// stay. Each is one linear walk, allocates nothing once its scratch is warm, and can be switched off to find a
// miscompile.
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

/// Removes `set`s whose value nobody can see: the register is set again, on every path, before anything reads it or may
/// leave the region. Heads of loops count as leaving, as the back end may test for interrupts there.
void dead_state(ir::Region& region, Scratch& scratch);

/// Removes ops without effects whose results are not used. FP ops stay, as they raise exceptions, and so do loads.
void dead_code(ir::Region& region, Scratch& scratch);

/// A set of passes.
class PassSet {
  public:
    static constexpr PassSet none() { return PassSet{0}; }
    static PassSet all();
    /// Names with commas between; or "all" or "none".
    static Result<PassSet> parse(std::string_view names);

    /// Runs those of the set that there are, in their order.
    void run(ir::Region& region, Scratch& scratch) const;
    std::string names() const;
    constexpr PassSet without(PassSet others) const { return PassSet{bits_ & ~others.bits_}; }

    constexpr bool operator==(const PassSet&) const = default;

  private:
    explicit constexpr PassSet(u32 bits) : bits_(bits) {}

    u32 bits_;
};

}  // namespace kelvin::pass
