// SPDX-License-Identifier: Apache-2.0
#include "device/nvme/queues.h"

namespace kelvin::device::nvme {

void CompletionQueue::put(const Completion& completion) {
    const u64 at = tail_ * kCompletionEntry;
    ram_.store<u64>(at, completion.result);
    const u64 status = u64{static_cast<u16>(completion.status)} << 1 | (phase_ ? 1 : 0);
    // The phase tells that all of the entry is there (4.6).
    ram_.store_release<u64>(at + 8, completion.submission_head | u64{completion.submission_queue} << 16 |
                                        u64{completion.command} << 32 | status << 48);
    dma_.announce_write(base_ + at, kCompletionEntry);
    if (++tail_ == size_) {
        tail_ = 0;
        phase_ = !phase_;
    }
}

}  // namespace kelvin::device::nvme
