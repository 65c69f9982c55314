// SPDX-License-Identifier: Apache-2.0
#include "writer.h"

#include <algorithm>

namespace kelvin::endurance {

using backend::BlockRequest;

int Writer::run(u64 count) {
    left_ = count;
    for (Flight& flight : flights_) {
        start(flight);
    }
    drive_.drain();
    return error_;
}

/// A range that nobody else works on; false if this one is taken.
bool Writer::place(Flight& flight) {
    const u64 sectors = drive_.size() / kSector;
    const u64 most = std::min<u64>(random_() % 8 == 0 ? 256 : random_() % 2 == 0 ? 8 : 40, sectors / 2);
    flight.sectors = 1 + random_() % most;
    const u64 room =
        random_() % 2 == 0 ? sectors : std::max(sectors / 8, flight.sectors);  // some places are written often
    flight.first = random_() % (room - flight.sectors + 1);
    return std::ranges::none_of(flights_, [&](const Flight& other) {
        return &other != &flight && other.flies && other.first < flight.first + flight.sectors &&
               flight.first < other.first + other.sectors;
    });
}

void Writer::start(Flight& flight) {
    if (left_ == 0) {
        return;
    }
    --left_;
    const u64 choice = random_() % 20;
    flight.kind = choice < 13   ? BlockRequest::Kind::write
                  : choice < 15 ? BlockRequest::Kind::write_zeroes
                  : choice < 17 ? BlockRequest::Kind::discard
                                : BlockRequest::Kind::flush;
    flight.sectors = flight.first = 0;
    while (flight.kind != BlockRequest::Kind::flush && !place(flight)) {
    }
    flight.may_unmap = random_() % 2 == 0;
    const bool changes = flight.kind == BlockRequest::Kind::write || flight.kind == BlockRequest::Kind::write_zeroes;
    flight.force_unit_access = changes && random_() % 16 == 0;
    const Asked asked{flight.kind, changes && (flight.force_unit_access || drive_.options().write_through),
                      flight.first, flight.sectors, HostCalls::get().now()};
    flight.number = history_.begin(asked);
    flight.data.assign(flight.sectors * kSector / 8, flight.number);
    flight.area = {flight.data.data(), flight.data.size() * 8};
    flight.segments = {&flight.area, flight.kind == BlockRequest::Kind::write ? 1U : 0U};
    flight.offset = flight.first * kSector;
    flight.length = flight.sectors * kSector;
    flight.done = &Writer::finish;
    flight.writer = this;
    flight.flies = true;
    drive_.submit(flight);
}

void Writer::finish(BlockRequest& request, int error) {
    auto& flight = static_cast<Flight&>(request);
    Writer& writer = *flight.writer;
    writer.history_.end(flight.number, HostCalls::get().now());
    writer.error_ = writer.error_ != 0 ? writer.error_ : error;
    flight.flies = false;
    writer.start(flight);
}

}  // namespace kelvin::endurance
