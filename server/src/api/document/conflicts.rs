//! Conflicts that operations answer with: each code with a message as people get it.

/// Conflicts that an operation answers with 409: the operation, and each code with its message.
pub(super) const CONFLICTS: &[(&str, &[(&str, &str)])] = &[
    ("cart_set_line", &[("sold_out", "仅剩 2 件"), ("cart_full", "购物车已满 100 种商品，请先结算或删除一些")]),
    (
        "counter_sales_sell",
        &[("sold_out", "柜台可卖的只有 2 件"), ("key_reused", "这个页面已经提交过另一笔柜台销售，请刷新后再试")],
    ),
    ("counter_sales_take_back", &[("key_reused", "这个页面已经提交过另一次退回，请刷新后再试")]),
    ("stock_models_share_out", &[("one_pool", "这个商品是统一库存，不用分配线上数量；请先改为线上线下分开")]),
    ("cart_show", &[("goods_changing", "门店正在更新商品，请稍后再试")]),
    ("cart_quote", &[("goods_changing", "门店正在更新商品，请稍后再试")]),
    (
        "cart_hand_over",
        &[
            ("route_changed", "门店的库存或营业状态有变化，发货门店已重新安排，请核对后再试"),
            ("cart_changed", "购物车刚刚有变化，请确认后再提交"),
            ("cart_full", "购物车已满 100 种商品，请先结算或删除一些"),
            ("too_many_of_one", "每种商品最多 999 件，请先减少数量"),
            ("goods_changing", "门店正在更新商品，请稍后再试"),
        ],
    ),
    (
        "holds_take",
        &[
            ("sold_out", "已售罄"),
            ("store_closed", "青禾茶铺 人民广场店 暂停接单，暂不能下单"),
            ("too_many_holds", "您已占用 3 份商品，请先下单或放弃"),
            ("key_reused", "这个编号已经占用过其他商品，请换一个"),
            ("goods_changing", "门店正在更新商品，请稍后再试"),
        ],
    ),
    (
        "orders_place",
        &[
            ("price_changed", "价格有变化，现在合计 ¥15.00，请确认后再提交"),
            ("sold_out", "珍珠奶茶 已售罄"),
            ("store_closed", "青禾茶铺 人民广场店 暂停接单，暂不能下单"),
            ("cart_empty", "购物车里没有这家门店的商品"),
            ("cart_changed", "购物车刚刚有变化，请确认后再提交"),
            ("goods_changing", "门店正在更新商品，请稍后再试"),
            ("nothing_to_pay", "合计为零的订单暂不支持"),
            ("too_many_unpaid", "您有 5 个订单未付款，请先付款或取消"),
            ("key_reused", "这个页面已经提交过另一份订单，请刷新后再试"),
            ("way_closed", "青禾茶铺 人民广场店 暂不提供同城配送，请换一种方式"),
            ("cannot_bring", "这个地址超出配送范围（直线距离 5.2 km），请换地址或改为自提"),
            ("slot_full", "这个时段刚刚约满，请换一个时段"),
        ],
    ),
    ("me_save_address", &[("addresses_full", "最多保存 20 个地址，请先删除不用的")]),
    (
        "orders_pay",
        &[
            ("not_payable", "订单已超时，不需要再付款"),
            ("too_many_tries", "这个订单的付款次数过多，请重新下单"),
            ("key_reused", "这个页面已经提交过另一笔付款，请刷新后再试"),
        ],
    ),
    (
        "checkouts_place",
        &[
            ("sold_out", "珍珠奶茶 已售罄"),
            ("goods_changing", "门店正在更新商品，请稍后再试"),
            ("too_many_unpaid", "您有 5 个订单未付款，请先付款或取消"),
            ("key_reused", "这个页面已经提交过另一些订单，请刷新后再试"),
        ],
    ),
    (
        "checkouts_pay",
        &[
            ("not_payable", "订单已超时，不需要再付款"),
            ("orders_changed", "一起付款的订单刚刚有变化，请刷新后按新的合计付款"),
            ("too_many_tries", "这些订单的付款次数过多，请分别付款或重新下单"),
            ("key_reused", "这个页面已经提交过另一笔付款，请刷新后再试"),
        ],
    ),
    ("auth_log_in", &[("wechat_taken", "这个微信刚刚绑定了另一个账号，请重新用微信登录")]),
    ("auth_log_in_with_wechat", &[WECHAT_CODE]),
    ("me_link_wechat", &[WECHAT_CODE]),
    ("me_merge", &[("merge_over", "这次合并已失效，请重新验证另一个账号")]),
    ("me_change_phone", &[("phone_taken", "这个手机号已经注册")]),
    (
        "me_erase",
        &[
            ("orders_open", "还有 1 个订单没有完成，请先取货或取消，再来注销"),
            ("after_sales_open", "还有 1 张售后单没有完成，请先撤销或等待结果，再来注销"),
            ("refunds_open", "还有 1 笔退款没有到账，请等到账后再来注销"),
        ],
    ),
    ("orders_cancel", &[("not_now", "订单备货中，不能再自行取消；可以向门店申请取消")]),
    (
        "orders_ask_cancel",
        &[
            ("not_now", "订单已完成，不能再取消；商品有问题可以申请售后"),
            ("cancel_yourself", "这个订单现在可以直接取消，不用申请"),
            ("may_not_ask", "门店已经接单，这个订单不能再取消；有问题请联系门店"),
            ("asked_already", "已经申请过取消，请等门店答复"),
            ("asked_enough", "门店已经两次没有同意，不能再申请取消；有问题请联系门店"),
            ("key_reused", "这个页面已经提交过另一次取消申请，请刷新后再试"),
        ],
    ),
    ("orders_withdraw_cancel", &[("not_now", "这次取消申请已经结束（门店未同意）")]),
    ("console_answer_cancel", &[("not_now", "这次取消申请已经结束（已撤回）")]),
    ("after-sales_quote", &[NOT_HANDED_OVER, NOTHING_LEFT]),
    ("after-sales_request", ASKING),
    ("after-sales_request_for_shopper", ASKING),
    (
        "after-sales_appeal",
        &[
            ("not_now", "这张售后单已退款，不能再申请总部仲裁"),
            ("appeal_over", "拒绝后 7 天内可以申请仲裁，现在已过期"),
        ],
    ),
    (
        "after-sales_withdraw",
        &[
            ("not_now", "这张售后单已退款，不能再撤销申请"),
            ("posted", "商品已寄回，等门店收货，不能再撤销申请；没有寄出的请联系门店"),
        ],
    ),
    (
        "after-sales_post_back",
        &[
            ("not_now", "这张售后单已退款，不能再寄回商品"),
            ("return_expired", "这张售后单已过退回期限，请顾客重新申请"),
            ("no_return_address", "这家门店不收寄回的商品，请带商品和售后码到门店"),
            ("already_arrived", "商品已到店，不能再改换的商品寄到哪里；还没有寄出的，可以凭售后码到门店领取"),
        ],
    ),
    (
        "after-sales_arrive",
        &[
            ("not_posted", "顾客没有寄回这张售后单的商品；商品已在柜台的，请用顾客的售后码收货"),
            ("already_received", "这张售后单的商品已在 今天 12:30 由「青禾茶铺 人民广场店」收下，请勿重复收货"),
            ("store_closed", "「青禾茶铺 湖滨店」已关闭，不能收退货"),
            ("sold_out", "连体衣 73 可动用的只有 0 件"),
            ("comes_for_it", "换的商品由顾客到店领取，或已在柜台交给顾客，不用寄出"),
            ("not_arrived", "请先登记到店：登记后顾客不能再改地址，再打包寄出"),
            ("already_sent", "换的商品已寄出（顺丰速运 SF1234567890），单号不能再改"),
            ("not_now", "这张售后单总部仲裁中，不能再门店收到商品"),
            ABOVE_PAID,
        ],
    ),
    (
        "after-sales_refuse_arrived",
        &[
            ("not_posted", "顾客没有寄回这张售后单的商品；商品已在柜台的，请用顾客的售后码收货"),
            ("store_closed", "「青禾茶铺 湖滨店」已关闭，不能收退货"),
            ("upheld", "总部已支持这张售后单，门店不能再拒绝；有异议请联系总部"),
            ("not_now", "这张售后单已退款，不能再门店拒收"),
        ],
    ),
    (
        "after-sales_add_proof",
        &[("not_now", "这张售后单已结束，不能再添加照片"), ("proofs_full", "每张售后单最多 6 张照片")],
    ),
    (
        "after-sales_add_store_proof",
        &[
            ("not_now", "这张售后单已结束，不能再添加照片"),
            ("already_added", "这张照片已经添加过，说明不能再改"),
            ("proofs_full", "门店和总部最多添加 6 张照片，这张售后单已有 6 张"),
        ],
    ),
    (
        "after-sales_decide",
        &[
            ("not_now", "这张售后单已撤销，不能再门店同意"),
            ("upheld", "总部已支持这张售后单，门店不能再拒绝；有异议请联系总部"),
            NOTHING_LEFT,
            ABOVE_PAID,
        ],
    ),
    (
        "after-sales_arbitrate",
        &[
            ("not_now", "这张售后单已退款，不能再总部支持申请"),
            ("own_decision", "这张售后单是您拒绝的，要由别人仲裁"),
            NOTHING_LEFT,
            ABOVE_PAID,
        ],
    ),
    (
        "after-sales_receive",
        &[
            ("already_received", "这张售后单的商品已在 今天 12:30 由「青禾茶铺 人民广场店」收下，请勿重复收货"),
            ("return_expired", "这张售后单已过退回期限，请顾客重新申请"),
            ("other_merchant", "「贝贝树母婴 城西银泰店」属于其他品牌或商户，请顾客到原品牌的门店退换"),
            ("store_closed", "「青禾茶铺 湖滨店」已关闭，不能收退货"),
            ("sold_out", "连体衣 73 可动用的只有 0 件"),
            ("posted_elsewhere", "顾客寄回的商品在售出的门店，请在那里收货"),
            ("not_now", "这张售后单已撤销，不能再门店收到商品"),
            ABOVE_PAID,
        ],
    ),
    (
        "after-sales_turn_away",
        &[
            ("return_expired", "这张售后单已过退回期限，请顾客重新申请"),
            ("other_merchant", "「贝贝树母婴 城西银泰店」属于其他品牌或商户，请顾客到原品牌的门店退换"),
            ("store_closed", "「青禾茶铺 湖滨店」已关闭，不能收退货"),
            ("upheld", "总部已支持这张售后单，门店不能再拒绝；有异议请联系总部"),
            ("not_now", "这张售后单已退款，不能再门店拒收"),
        ],
    ),
    ("console_accept", &[("not_now", "订单已取消，不能再执行这一步")]),
    (
        "console_set_picked",
        &[
            ("not_now", "订单还没有接单，请先接单再拣货"),
            ("picked_meanwhile", "珍珠奶茶 · 中杯 刚刚由 店员 小林 改为 1/2，请核对后再点"),
        ],
    ),
    (
        "console_prepare",
        &[("not_now", "订单已取消，不能再执行这一步"), ("already_prepared", "订单已经备好，共 2 包，不能再改")],
    ),
    ("console_reject", &[("not_now", "订单已完成，不能再执行这一步")]),
    ("console_redeem", &[("not_now", "订单已完成，不能再执行这一步"), OTHER_WAY]),
    ("console_dispatch", &[("not_now", "订单待接单，不能再执行这一步"), OTHER_WAY]),
    ("console_deliver", &[("not_now", "订单待配送，不能再执行这一步"), OTHER_WAY]),
    ("console_undelivered", &[("not_now", "订单已完成，不能再执行这一步"), OTHER_WAY]),
    (
        "approvals_propose",
        &[
            ("proposal_open", "这件商品已有一份同类申请在等待审批，请先撤回或等待结果"),
            ("key_reused", "这个页面已经提交过另一份申请，请刷新后再试"),
        ],
    ),
    (
        "approvals_submit",
        &[
            ("not_now", "这份申请已撤回，不能再提交"),
            ("stale_proposal", "价格已变为 ¥13.00，请驳回，让门店按新价格重新申请"),
            ("proposal_open", "这件商品已有一份同类申请在等待审批，请先撤回或等待结果"),
        ],
    ),
    ("approvals_withdraw", &[("not_now", "这份申请已通过，不能再撤回")]),
    (
        "approvals_decide",
        &[
            ("own_proposal", "自己提交的申请要由别人审批"),
            ("not_now", "这份申请已撤回，不能再通过"),
            ("stale_proposal", "价格已变为 ¥13.00，请驳回，让门店按新价格重新申请"),
        ],
    ),
    ("transfers_request", &[KEY_OF_TRANSFER, CLOSED]),
    ("transfers_withdraw", &[NOT_NOW_OF_TRANSFER]),
    ("transfers_decide", &[NOT_NOW_OF_TRANSFER]),
    ("transfers_cancel", &[NOT_NOW_OF_TRANSFER]),
    (
        "transfers_ship",
        &[
            NOT_NOW_OF_TRANSFER,
            ("sold_out", "上海中心仓只有 12 件可发，其余的不在库、已卖出或已过期"),
            ("shipped_already", "这张调拨单已经按另外的数量发货，请刷新后查看"),
        ],
    ),
    (
        "transfers_receive",
        &[NOT_NOW_OF_TRANSFER, ("received_already", "这张调拨单已经收过货，请刷新后查看；后到的货请用「补收」")],
    ),
    ("transfers_receive_rest", &[NOT_NOW_OF_TRANSFER, ("nothing_missing", "这张调拨单没有差异，不需要处理")]),
    (
        "transfers_settle",
        &[
            NOT_NOW_OF_TRANSFER,
            ("nothing_missing", "这张调拨单没有差异，不需要处理"),
            ("settled_already", "差异已经处理过，请刷新后查看"),
        ],
    ),
    ("transfers_take_in", &[("key_reused", "这个页面已经提交过另一张收货单，请刷新后再试"), CLOSED]),
    ("supply_close_warehouse", &[("warehouse_in_use", "仓库还有 12 件货、1 张未完成的调拨单，请先处理")]),
    (
        "express_confirm",
        &[
            ("not_now", "订单待发货，不能再执行这一步"),
            OTHER_WAY,
            ("not_all_sent", "还有商品没有发出，全部收到后再确认收货"),
        ],
    ),
    (
        "express_ship",
        &[
            ("not_now", "订单已取消，不能再执行这一步"),
            OTHER_WAY,
            ("key_reused", "这个页面已经发出过另一个包裹，请刷新后再试"),
        ],
    ),
    (
        "express_take_back",
        &[
            ("not_now", "包裹已签收，请通过售后处理"),
            OTHER_WAY,
            ("already_back", "这个包裹已登记退回，处理方式不能再改"),
        ],
    ),
    (
        "express_end_unsent",
        &[
            ("not_now", "订单备货中，还没有发出：发不了请拒单，或请总部取消订单"),
            OTHER_WAY,
            ("key_reused", "这个页面已经登记过另一些不再发出的商品，请刷新后再试"),
            ("too_many_requests", "这个订单分开登记的次数太多了，请把没有发出的商品一次全部登记"),
            ABOVE_PAID,
        ],
    ),
    ("express_quote_ride", RIDING),
    (
        "express_call_rider",
        &[
            OTHER_WAY,
            ("not_now", "订单配送中，不能呼叫骑手"),
            NO_COURIER,
            NO_POINT,
            RIDER_REFUSED,
            ("ride_open", "已经呼叫了骑手，请先取消那一次"),
            ("key_reused", "这个页面已经呼叫过骑手，请刷新后再试"),
        ],
    ),
    ("express_cancel_ride", &[("not_now", "骑手配送中，不能取消"), NO_COURIER, RIDER_REFUSED]),
    ("freight_remove", &[("freight_in_use", "有 3 家门店在用这个模板，请先给它们换一个")]),
    ("supply_allocate", &[("key_reused", "这个页面已经提交过另一张分配表，请刷新后再试"), CLOSED]),
    ("purchasing_draft", &[NOT_NOW_OF_PURCHASE, SUPPLIER_CLOSED, CLOSED]),
    ("purchasing_submit", &[NOT_NOW_OF_PURCHASE]),
    ("purchasing_decide", &[NOT_NOW_OF_PURCHASE, ("own_purchase", "金额较大，自己填写或提交的采购单要由别人审批")]),
    ("purchasing_cancel", &[NOT_NOW_OF_PURCHASE]),
    ("purchasing_close", &[NOT_NOW_OF_PURCHASE]),
    ("purchasing_receive", &[NOT_NOW_OF_PURCHASE, KEY_OF_RECEIPT, CLOSED]),
    ("purchasing_send_back", &[NOT_NOW_OF_PURCHASE, KEY_OF_RECEIPT, ("sold_out", "连体衣 73 可动用的只有 0 件")]),
    ("set_apart_hand_over", &[KEY_OF_SET_APART]),
    (
        "set_apart_scrap",
        &[
            KEY_OF_SET_APART,
            (
                "beyond_store",
                "共 40 件、¥600.00，超过这里可自行决定的 20 件或 ¥500.00（总部统一限额），请由有审批权限的上级报废，或分批退给供应商",
            ),
        ],
    ),
    ("set_apart_credit", &[("credited_already", "这张退供单已经登记过供应商退款，请刷新后查看")]),
    ("purchasing_enter_invoice", &[("key_reused", "这个页面已经登记过另一张发票，请刷新后再试")]),
    (
        "purchasing_pay_invoice",
        &[
            ("paid_already", "这张发票已经付清，请刷新后查看"),
            ("taken_back", "这张发票已作废，不能付款"),
            ("payment_taken_back", "这笔付款已撤销，确需重新登记请用分次付款"),
        ],
    ),
    (
        "purchasing_pay_part",
        &[
            ("key_reused", "这个页面已经登记过另一笔付款，请刷新后再试"),
            ("paid_already", "这张发票已经付清，请刷新后查看"),
            ("taken_back", "这张发票已作废，不能付款"),
            ("payment_taken_back", "这笔付款已撤销，确需重新登记请刷新后再填"),
        ],
    ),
    (
        "purchasing_take_back_invoice",
        &[("paid_already", "这张发票已有付款，不能作废；付款登记错了请先撤销，否则请登记供应商的红字发票")],
    ),
    ("purchasing_order_proposed", &[NOT_NOW_OF_PURCHASE, SUPPLIER_CLOSED, CLOSED]),
    (
        "purchasing_order_shortfalls",
        &[
            (
                "not_short",
                "「上海中心仓」现在没有要向「江南食品」补的货，可能有人刚下过单或报价变了。这次没有生成采购单，请刷新后再选",
            ),
            ("key_reused", "这个页面已经下过另一批采购单，请刷新后再试"),
            SUPPLIER_CLOSED,
            CLOSED,
        ],
    ),
    ("approvals_delegate", &[("too_many_delegations", "最多委托 5 位同事，请先收回一项")]),
    ("centre_call_off", &[("not_now", "订单已完成，不能再执行这一步")]),
    (
        "centre_reroute",
        &[
            ("not_now", "订单已完成，不能再执行这一步"),
            ("other_merchant", "南京西路店属于其他品牌或商户，不能接这笔订单"),
            ("store_closed", "南京西路店暂停接单，不能接这笔订单"),
            ("not_sold_there", "南京西路店没有上架这笔订单里的商品"),
            ("cannot_bring", "南京西路店送不到这个地址，请选择能配送到的门店"),
        ],
    ),
    (
        "centre_refund",
        &[
            ("not_completed", "订单待取货，还没有完成；没有完成的订单请用「取消」"),
            ("nothing_left", "这笔订单的商品都已退款或正在售后，没有可以退款的了"),
            ("too_many_requests", "这个订单的售后申请过多，请联系门店处理"),
            ("refund_above_paid", "退款合计会超过实付金额，请联系总部处理"),
            ("key_reused", "这个页面已经提交过另一份售后申请，请刷新后再试"),
        ],
    ),
    ("centre_draft_batch", &[("key_reused", "这个页面已经提交过另一批订单，请刷新后再试")]),
    ("refunds_retry", &[("settled", "这笔退款已用其他方式退回，不能再让网关退一次")]),
    (
        "refunds_settle",
        &[
            ("settled", "这笔退款已登记为其他方式退回，凭证号 20261126000123"),
            ("refunded", "网关已经退回，不能再登记为其他方式"),
            ("may_still_come", "网关还没有明确拒绝，可能随时到账；请等它答复，或先「立即重试」"),
        ],
    ),
    ("centre_start_batch", &[("nothing_to_do", "这批订单里没有可以处理的，请看每一笔的原因")]),
    ("centre_annotate", &[("key_reused", "这个页面已经提交过另一条备注，请刷新后再试")]),
    ("shortages_let_wait", &[("shortage_over", "货已补足，这条缺货记录已经结束")]),
    ("console_add_photo", &[PHOTOS_FULL]),
    (
        "counts_open",
        &[
            (
                "counted_elsewhere",
                "「珍珠奶茶 · 中杯」正在另一次全盘里（林姐 11-26 10:10 开始，编号 1F7A10），请先完成或取消它",
            ),
            ("nothing_to_count", "这里没有可盘的商品，或都在别的盘点里"),
            ("code_ambiguous", "这个条码对应多个商品，请输入商品编码"),
            ("key_reused", "这个页面已经开始过另一次盘点，请刷新后再试"),
        ],
    ),
    (
        "counts_enter",
        &[
            ("not_now", "这次盘点待确认，不能再录入"),
            (
                "counted_elsewhere",
                "「珍珠奶茶 · 中杯」正在另一次全盘里（林姐 11-26 10:10 开始，编号 1F7A10），请先完成或取消它",
            ),
            ("code_ambiguous", "这个条码对应多个商品，请输入商品编码"),
            ("key_reused", "这个页面已经录过另一笔，请刷新后再试"),
        ],
    ),
    (
        "counts_enter_list",
        &[("not_now", "这次盘点待确认，不能再录入"), ("key_reused", "这个页面已经录过另一笔，请刷新后再试")],
    ),
    ("counts_undo_list", &[("not_now", "这次盘点待确认，不能再录入")]),
    ("counts_undo", &[("not_now", "这次盘点待确认，不能再录入")]),
    ("counts_recount", &[("not_now", "这次盘点待确认，不能再录入")]),
    (
        "counts_submit",
        &[
            ("not_all_counted", "还有 1 项没有盘：珍珠奶茶 · 大杯。请继续盘点，或说明它们按 0 件计、不计入这次盘点"),
            ("nothing_counted", "一项都没有盘，不能提交；不盘了可以取消"),
            ("not_now", "这次盘点已取消，不能再提交"),
        ],
    ),
    ("counts_cancel", &[("not_now", "这次盘点已入账，不能再取消")]),
    (
        "counts_decide",
        &[("own_count", "差异较大，自己提交的盘点要由别人确认"), ("not_now", "这次盘点盘点中，不能再确认入账")],
    ),
    ("losses_report", &[("key_reused", "这个页面已经提交过另一份报损，请刷新后再试")]),
    ("losses_add_photo", &[("photos_full", "每份报损最多 6 张图片")]),
    ("losses_withdraw", &[("not_now", "这份报损已入账，不能再撤回")]),
    (
        "losses_decide",
        &[
            ("own_loss", "金额或数量较大，自己提交的报损要由别人审批"),
            ("not_now", "这份报损已撤回，不能再通过"),
            ("not_there", "账面只有 3 件，不够报损 10 件；同一批货可能已经报过，请核对后驳回，或先盘点"),
        ],
    ),
    ("console_arrange_photos", &[("photos_changed", "照片刚刚有变化，请看过现在的照片再调整")]),
    ("console_restore_photo", &[PHOTOS_FULL]),
    ("staff_hire", &[("key_reused", "这个页面已经提交过另一个账号，请刷新后再试")]),
    ("staff_give", &[YOURSELF]),
    ("staff_take_back", &[YOURSELF, LAST_ADMIN]),
    ("staff_suspend", &[YOURSELF, LAST_ADMIN]),
    ("staff_restore", &[YOURSELF]),
    ("staff_reset_password", &[YOURSELF]),
    ("staff_log_out_everywhere", &[YOURSELF]),
    ("staff_remove_second_step", &[YOURSELF]),
    ("auth_begin_second_step", &[("second_step_on", "两步验证已经开启")]),
    ("auth_confirm_second_step", &[("second_step_not_begun", "请先开始设置两步验证")]),
    ("staff_remove_role", &[("role_given", "还有 3 项授权使用这个角色，请先收回")]),
    ("staff_remove_store_group", &[("group_given", "还有 3 项授权使用这个门店组，请先收回")]),
    ("staff_save_merchant", &[("yourself", "您自己的授权用到这个商户，请让另一位管理员来修改")]),
    (
        "staff_remove_merchant",
        &[
            ("merchant_given", "还有 3 项授权使用这个商户，请先收回"),
            ("merchant_has_stores", "还有 2 家门店属于这个商户，请先移出"),
            ("merchant_has_papers", "这个商户还有 2 份证照，请先移除"),
        ],
    ),
    ("staff_add_paper", &[("papers_full", "每个商户最多 50 份证照，请先移除过期的")]),
    (
        "staff_remove_department",
        &[("department_has_people", "「营运部」还有 3 人（含已停用的），请先把他们调到别的部门")],
    ),
    ("staff_assign_department", &[YOURSELF]),
];

const OTHER_WAY: (&str, &str) = ("other_way", "订单 2611230000000001 是自提订单，不由骑手配送");
const NOT_HANDED_OVER: (&str, &str) =
    ("not_handed_over", "商品还没有交到您手上：没出库的可以直接取消订单，在路上的请收到后先确认收货");
const NO_COURIER: (&str, &str) = ("no_courier", "还没有接入骑手平台，请安排本店员工配送");
const NO_POINT: (&str, &str) = ("no_point", "收货地址没有在地图上选点，骑手平台不能接单，请安排本店员工配送");
const RIDER_REFUSED: (&str, &str) = ("rider_refused", "骑手平台没有接受：附近暂时没有骑手");
/// What asking for a rider can meet.
const RIDING: &[(&str, &str)] =
    &[OTHER_WAY, ("not_now", "订单配送中，不能呼叫骑手"), NO_COURIER, NO_POINT, RIDER_REFUSED];

const NOTHING_LEFT: (&str, &str) = ("nothing_left", "这笔订单付的钱已经全部退回或正在退，没有可以退的金额了");
const ABOVE_PAID: (&str, &str) = ("refund_above_paid", "退款合计会超过实付金额，请联系总部处理");
const ASKING: &[(&str, &str)] = &[
    NOT_HANDED_OVER,
    NOTHING_LEFT,
    ("amount_changed", "应退金额有变化，现在是 ¥15.00，请确认后再提交"),
    ("too_many_requests", "这个订单的售后申请过多，请联系门店处理"),
    ("key_reused", "这个页面已经提交过另一份售后申请，请刷新后再试"),
];
const NOT_NOW_OF_TRANSFER: (&str, &str) = ("not_now", "这张调拨单已取消，不能再发货");
const KEY_OF_TRANSFER: (&str, &str) = ("key_reused", "这个页面已经提交过另一张调拨单，请刷新后再试");
const NOT_NOW_OF_PURCHASE: (&str, &str) = ("not_now", "这张采购单已取消，不能再部分收货");
const KEY_OF_SET_APART: (&str, &str) = ("key_reused", "这个页面已经提交过另一张退供单，请刷新后再试");
const KEY_OF_RECEIPT: (&str, &str) = ("key_reused", "这个页面已经提交过另一张收货单或退货单，请刷新后再试");
const SUPPLIER_CLOSED: (&str, &str) = ("supplier_closed", "「江南食品」已停用，不能向它采购");
const CLOSED: (&str, &str) = ("location_closed", "「上海中心仓」已关闭，不能调拨");
const PHOTOS_FULL: (&str, &str) = ("photos_full", "每家门店最多 12 张照片，请先移除一些");
const WECHAT_CODE: (&str, &str) = ("wechat_code", "这次微信登录已失效，请重新发起");
const YOURSELF: (&str, &str) = ("yourself", "不能修改自己的账号和权限，请让另一位管理员来做");
const LAST_ADMIN: (&str, &str) = ("last_admin", "这是最后一位总部管理员，请先任命另一位");
/// What somebody of staff must do before anything else.
pub(super) const FIRST_OF_ALL: [(&str, &str); 2] = [
    ("password_must_change", "请先修改初始密码，之后就可以使用"),
    ("second_step_needed", "请先设置两步验证，之后就可以使用"),
];
