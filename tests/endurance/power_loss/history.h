// SPDX-License-Identifier: Apache-2.0
// What was asked of a disk, and what its sectors may hold after a loss of power.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "backend/block/block_device.h"
#include "host_calls.h"

namespace kelvin::endurance {

inline constexpr u64 kSector = 512;  ///< each word of one that request N has written is N

struct Asked {
    backend::BlockRequest::Kind kind = backend::BlockRequest::Kind::write;
    bool durable_when_done = false;
    u64 first = 0;  ///< sectors
    u64 count = 0;
    Moment begun = 0;
    Moment ended = kNever;
};

/// What was in a sector before anything was asked; 0: zeroes.
u64 content_before(bool has_content, u64 sector);

class History {
  public:
    History(u64 sectors, bool has_content) : has_content_(has_content), of_sector_(sectors) {}

    /// Its number, which is not 0. Requests on the same sectors do not run at the same time.
    u64 begin(Asked asked);
    void end(u64 number, Moment moment) { asked_[number - 1].ended = moment; }
    u64 count() const { return asked_.size(); }

    /// What is wrong with the disk `image` after a loss of power at `moment`; empty if nothing is.
    std::string complaint(std::span<const u8> image, Moment moment) const;

  private:
    bool may_hold(u64 sector, u64 content, Moment moment, Moment flushed) const;

    bool has_content_;
    std::vector<Asked> asked_;
    std::vector<std::vector<u64>> of_sector_;  // numbers of requests that change it, in order
};

}  // namespace kelvin::endurance
