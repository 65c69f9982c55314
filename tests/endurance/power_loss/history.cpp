// SPDX-License-Identifier: Apache-2.0
#include "history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace kelvin::endurance {

using Kind = backend::BlockRequest::Kind;

u64 content_before(bool has_content, u64 sector) {
    return has_content && sector / 16 % 2 != 0 ? u64{1} << 63 | sector : 0;
}

u64 History::begin(Asked asked) {
    asked_.push_back(asked);
    for (u64 i = 0; asked.kind != Kind::flush && i < asked.count; ++i) {
        of_sector_[asked.first + i].push_back(asked_.size());
    }
    return asked_.size();
}

/// Whatever was done last before a flush that has ended, or anything that began later.
bool History::may_hold(u64 sector, u64 content, Moment moment, Moment flushed) const {
    const std::vector<u64>& numbers = of_sector_[sector];
    for (u64 i = numbers.size(); i-- > 0;) {
        const Asked& asked = asked_[numbers[i] - 1];
        if (asked.begun > moment) {
            continue;
        }
        if (content == (asked.kind == Kind::write ? numbers[i] : 0)) {
            return true;
        }
        const bool is_durable = asked.ended <= flushed || (asked.durable_when_done && asked.ended <= moment);
        if (is_durable && asked.kind != Kind::discard) {  // what was discarded may be there still
            return false;
        }
    }
    return content == content_before(has_content_, sector);
}

std::string History::complaint(std::span<const u8> image, Moment moment) const {
    Moment flushed = 0;
    for (const Asked& asked : asked_) {
        if (asked.kind == Kind::flush && asked.ended <= moment) {
            flushed = std::max(flushed, asked.begun);
        }
    }
    for (u64 sector = 0; sector < of_sector_.size(); ++sector) {
        u64 words[kSector / 8];
        std::memcpy(words, image.data() + sector * kSector, kSector);
        const bool whole = std::ranges::all_of(words, [&](u64 word) { return word == words[0]; });
        if (!whole || !may_hold(sector, words[0], moment, flushed)) {
            return fmt::format("sector {} holds {:#x}{}, which is not of what was flushed there or came later ({})",
                               sector, words[0], whole ? "" : " and other things", fmt::join(of_sector_[sector], ", "));
        }
    }
    return "";
}

}  // namespace kelvin::endurance
