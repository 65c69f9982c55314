// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/inbox.h"

namespace kelvin::translator {

bool Inbox::post(Request request) {
    const std::lock_guard lock(mutex_);
    // In this order: an owner that enters in between either is seen to be inside or sees the count.
    posted_.store(posted() + 1, std::memory_order_seq_cst);
    request.was_inside = inside_.load(std::memory_order_seq_cst);
    if (requests_.size() < kMost) {
        requests_.push_back(request);
        return request.was_inside;
    }
    Request everything{.kind = Request::Kind::everything, .was_inside = request.was_inside};
    for (const Request& waiting : requests_) {
        everything.was_inside |= waiting.was_inside;
    }
    requests_.assign(1, everything);
    return request.was_inside;
}

}  // namespace kelvin::translator
