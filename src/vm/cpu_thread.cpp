// SPDX-License-Identifier: Apache-2.0
#include "vm/cpu_thread.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <utility>

namespace kelvin::vm {

using Power = machine::PowerControl::State;

CpuThread::CpuThread(std::unique_ptr<accel::Vcpu> vcpu, CpuThreadOwner& owner, std::string name)
    : vcpu_(std::move(vcpu)), owner_(owner), name_(std::move(name)), thread_([this] { run(); }) {}

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

int CpuThread::thread_id() const {
    thread_id_.wait(0);
    return thread_id_;
}

void CpuThread::allow(bool running) {
    {
        const std::lock_guard lock(mutex_);
        allowed_ = running;
        stopped_itself_ = stopped_itself_ && !running;
        changed_.notify_all();
    }
    if (!running) {
        vcpu_->request_stop();
    }
}

void CpuThread::wait_until_still() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !running_ && !start_; });
}

bool CpuThread::has_stopped_itself() const {
    const std::lock_guard lock(mutex_);
    return stopped_itself_;
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
    ::prctl(PR_SET_NAME, name_.c_str());
    thread_id_ = ::gettid();
    thread_id_.notify_all();
    std::unique_lock lock(mutex_);
    while (!ending_) {
        if (start_) {
            // Before it is allowed to run, so that who looks at it sees where it will begin.
            const CpuStart start = *std::exchange(start_, std::nullopt);
            running_ = true;
            lock.unlock();
            vcpu_->reset(start.entry, start.argument);
            lock.lock();
            running_ = false;
            changed_.notify_all();
            continue;
        }
        if (!may_run_locked()) {
            changed_.wait(lock);
            continue;
        }
        running_ = true;
        power_ = Power::on;
        lock.unlock();
        const accel::StopReason reason = vcpu_->run();
        lock.lock();
        running_ = false;
        stopped_itself_ = reason == accel::StopReason::debug && allowed_;
        changed_.notify_all();
        if (stopped_itself_) {
            lock.unlock();
            owner_.cpu_stopped_itself();
            lock.lock();
        }
    }
}

}  // namespace kelvin::vm
