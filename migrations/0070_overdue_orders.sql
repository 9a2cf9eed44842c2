-- overdue: the time that was agreed is over, and the order is not made ready, sent or brought (D3).
alter table orders drop constraint orders_late_check, add constraint orders_late_check check (
    late in ('unaccepted', 'escalated', 'unclaimed', 'cancel_unanswered', 'overdue')
);
