// SPDX-License-Identifier: Apache-2.0
#include "backend/block/io_context.h"

#include <poll.h>

#include <iterator>

#include "backend/block/io_engines.h"

namespace kelvin::block {

IoContext::IoContext() = default;

IoContext::~IoContext() {
    detach();
}

Result<std::unique_ptr<IoContext>> IoContext::create(IoEngine engine) {
    std::unique_ptr<IoContext> io(new IoContext);
    KELVIN_TRY(io->enable(engine));
    return io;
}

Result<> IoContext::enable(IoEngine engine) {
    if (engine == IoEngine::automatic) {
        if (automatic_ != IoEngine::automatic) {
            return ok();
        }
        return enable(IoEngine::io_uring) ? ok() : enable(IoEngine::threads);
    }
    auto& place = place_of(engine);
    if (place == nullptr) {
        auto made = engine == IoEngine::threads ? make_thread_pool() : make_io_uring();
        if (!made) {
            return made.error();
        }
        place = std::move(*made);
        if (loop_ != nullptr) {
            loop_->watch(place->ready_fd(), call_method<&IoContext::on_ready, IoContext>, this);
        }
    }
    if (automatic_ == IoEngine::automatic) {
        automatic_ = engine;
    }
    return ok();
}

void IoContext::attach(EventLoop& loop) {
    loop_ = &loop;
    for (const Engine* const engine : {ring_.get(), threads_.get()}) {
        if (engine != nullptr) {
            loop.watch(engine->ready_fd(), call_method<&IoContext::on_ready, IoContext>, this);
        }
    }
    if (!later_.empty()) {
        loop.post(call_method<&IoContext::on_ready, IoContext>, this);
    }
}

void IoContext::detach() {
    if (loop_ == nullptr) {
        return;
    }
    for (const Engine* const engine : {ring_.get(), threads_.get()}) {
        if (engine != nullptr) {
            loop_->unwatch(engine->ready_fd());
        }
    }
    loop_->cancel(this);
    loop_ = nullptr;
}

void IoContext::start(IoOperation& operation) {
    const bool computes = operation.kind == IoOperation::Kind::compute;
    if (computes && !enable(IoEngine::threads)) {
        operation.result = operation.work(operation);
        later([](void* done) { static_cast<IoOperation*>(done)->done(*static_cast<IoOperation*>(done)); }, &operation);
        return;
    }
    Engine& engine =
        computes ? *threads_ : *place_of(operation.engine == IoEngine::automatic ? automatic_ : operation.engine);
    engine.start(operation);
    if (batches_ == 0) {
        engine.submit();
    }
}

void IoContext::submit() {
    for (Engine* const engine : {ring_.get(), threads_.get()}) {
        if (engine != nullptr) {
            engine->submit();
        }
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
    wait = wait && now.empty();
    const bool both = ring_ != nullptr && threads_ != nullptr && ring_->under_way() != 0 && threads_->under_way() != 0;
    if (wait && both) {
        pollfd fds[] = {{ring_->ready_fd(), POLLIN, 0}, {threads_->ready_fd(), POLLIN, 0}};
        ::poll(fds, std::size(fds), -1);
    }
    for (Engine* const engine : {ring_.get(), threads_.get()}) {
        if (engine != nullptr) {
            engine->collect(wait && !both);
        }
    }
}

}  // namespace kelvin::block
