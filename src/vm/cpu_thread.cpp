// SPDX-License-Identifier: Apache-2.0
#include "vm/cpu_thread.h"

#include <sys/prctl.h>

#include <utility>

namespace kelvin::vm {

using Power = machine::PowerControl::State;

CpuThread::CpuThread(std::unique_ptr<accel::Vcpu> vcpu) : vcpu_(std::move(vcpu)), thread_([this] { run(); }) {}

CpuThread::~CpuThread() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        allowed_ = false;
        changed_.notify_all();
    }
    vcpu_->request_stop();
    thread_.join();
}

void CpuThread::allow(bool running) {
    {
        const std::lock_guard lock(mutex_);
        allowed_ = running;
        changed_.notify_all();
    }
    if (!running) {
        vcpu_->request_stop();
    }
}

void CpuThread::wait_until_still() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !running_; });
}

Power CpuThread::switch_on(CpuStart start) {
    const std::lock_guard lock(mutex_);
    if (power_ != Power::off) {
        return power_;
    }
    start_ = start;
    power_ = Power::on_pending;
    changed_.notify_all();
    return Power::off;
}

void CpuThread::switch_off() {
    {
        const std::lock_guard lock(mutex_);
        power_ = Power::off;
        start_.reset();
    }
    vcpu_->request_stop();
}

Power CpuThread::power() const {
    const std::lock_guard lock(mutex_);
    return power_;
}

void CpuThread::run() {
    // A guest that waits for a deadline sleeps in here, and would be late by the usual 50 us.
    constexpr unsigned long kSlackNs = 1;
    ::prctl(PR_SET_TIMERSLACK, kSlackNs);
    std::unique_lock lock(mutex_);
    while (!ending_) {
        if (!may_run_locked()) {
            changed_.wait(lock);
            continue;
        }
        running_ = true;
        power_ = Power::on;
        const std::optional<CpuStart> start = std::exchange(start_, std::nullopt);
        lock.unlock();
        if (start) {
            vcpu_->reset(start->entry, start->argument);
        }
        vcpu_->run();
        lock.lock();
        running_ = false;
        changed_.notify_all();
    }
}

}  // namespace kelvin::vm
