// SPDX-License-Identifier: Apache-2.0
#include "backend/block/io_context.h"

#include "backend/block/io_engines.h"

namespace kelvin::block {

Result<std::unique_ptr<IoContext>> IoContext::create(IoEngine engine) {
    if (engine == IoEngine::threads) {
        return make_thread_pool();
    }
    auto ring = make_io_uring();
    if (!ring && engine == IoEngine::automatic) {
        return make_thread_pool();
    }
    return ring;
}

void IoContext::attach(EventLoop& loop) {
    loop_ = &loop;
    loop.watch(ready_fd(), call_method<&IoContext::on_ready, IoContext>, this);
    if (!later_.empty()) {
        loop.post(call_method<&IoContext::on_ready, IoContext>, this);
    }
}

void IoContext::detach() {
    if (loop_ != nullptr) {
        loop_->unwatch(ready_fd());
        loop_->cancel(this);
        loop_ = nullptr;
    }
}

void IoContext::later(EventLoop::Handler handler, void* context) {
    if (later_.empty() && loop_ != nullptr) {
        loop_->post(call_method<&IoContext::on_ready, IoContext>, this);
    }
    later_.push_back({handler, context});
}

void IoContext::resume_later(std::coroutine_handle<> coroutine) {
    later([](void* address) { std::coroutine_handle<>::from_address(address).resume(); }, coroutine.address());
}

void IoContext::turn(bool wait) {
    const std::vector<Later> now = std::exchange(later_, {});
    for (const Later& work : now) {
        work.handler(work.context);
    }
    submit();
    collect(wait && now.empty());
}

}  // namespace kelvin::block
