"""The standard properties of deals, tickets, tasks and meetings, noted as in `contacts.py`."""

from __future__ import annotations

DEALS = """
[dealinformation] Deal information
dealname | Deal Name | string/text | f
amount | Amount | number/number | f
deal_currency_code | Currency | enumeration/select | | @currency
amount_in_home_currency | Amount in company currency | number/number | rc
hs_exchange_rate | Exchange rate | number/number | rc
dealstage | Deal Stage | enumeration/radio | fx
pipeline | Pipeline | enumeration/select | fx
dealtype | Deal Type | enumeration/radio | f | @deal_type
closedate | Close Date | datetime/date | f
createdate | Create Date | datetime/date
hs_createdate | Object create date/time | datetime/date | rh
hs_lastmodifieddate | Last Modified Date | datetime/date | r
hs_object_id | Record ID | number/number | ru
description | Deal Description | string/textarea | f
hs_next_step | Next step | string/text
hs_priority | Priority | enumeration/select | | @deal_priority
hubspot_owner_id | Deal owner | enumeration/select | x
hubspot_owner_assigneddate | Owner Assigned Date | datetime/date | r
hubspot_team_id | HubSpot Team | enumeration/select | rx
hs_all_owner_ids | All Owner IDs | enumeration/checkbox | rhx
hs_deal_stage_probability | Deal probability | number/number
hs_forecast_amount | Forecast amount | number/number
hs_forecast_probability | Forecast probability | number/number
hs_manual_forecast_category | Forecast category | enumeration/select | | @forecast
hs_projected_amount | Weighted amount | number/equation | rc
hs_projected_amount_in_home_currency | Weighted amount in company currency | number/equation | rc
hs_closed_amount | Closed Deal Amount | number/equation | rc
hs_closed_amount_in_home_currency | Closed Deal Amount In Home Currency | number/equation | rc
hs_is_closed | Is Deal Closed? | bool/equation | rc | @true_false
hs_is_closed_won | Is Closed Won | bool/equation | rc | @true_false
hs_is_closed_lost | Is closed lost | bool/equation | rc | @true_false
closed_lost_reason | Closed Lost Reason | string/textarea | f
closed_won_reason | Closed Won Reason | string/textarea | f
days_to_close | Days to close | number/equation | rc
hs_acv | Annual contract value | number/number | r
hs_arr | Annual recurring revenue | number/number | r
hs_mrr | Monthly recurring revenue | number/number | r
hs_tcv | Total contract value | number/number | r
hs_primary_associated_company | Primary Associated Company | number/number | rc
num_associated_contacts | Number of Associated Contacts | number/number | rc
hs_object_source | Record creation source | string/text | rh
hs_object_source_id | Record creation source ID | string/text | rh
hs_object_source_label | Record source | enumeration/select | r | @object_source
hs_object_source_user_id | Record creation source user ID | number/number | rh
hs_object_source_detail_1 | Record source detail 1 | string/text | r
hs_created_by_user_id | Created by user ID | number/number | r
hs_updated_by_user_id | Updated by user ID | number/number | r
hs_merged_object_ids | Merged Deal IDs | enumeration/checkbox | rx
hs_tag_ids | Deal Tags | enumeration/checkbox | x
hs_deal_amount_calculation_preference | Amount preference | enumeration/select | h | @amount_kinds
hs_was_imported | Record was imported | bool/booleancheckbox | rh | @yes_no
[deal_activity] Deal activity
notes_last_contacted | Last Contacted | datetime/date | r
notes_last_updated | Last Activity Date | datetime/date | r
notes_next_activity_date | Next Activity Date | datetime/date | r
num_contacted_notes | Number of times contacted | number/number | r
num_notes | Number of Sales Activities | number/number | r
engagements_last_meeting_booked | Date of last meeting booked | datetime/date | r
[analyticsinformation] Analytics information
hs_analytics_source | Original Traffic Source | enumeration/select | | @analytics_source
hs_analytics_source_data_1 | Original Traffic Source Drill-Down 1 | string/text | r
hs_analytics_source_data_2 | Original Traffic Source Drill-Down 2 | string/text | r
"""

TICKETS = """
[ticketinformation] Ticket information
subject | Ticket name | string/text | f
content | Ticket description | string/textarea | f
hs_pipeline | Pipeline | enumeration/select | x
hs_pipeline_stage | Ticket status | enumeration/select | x
hs_ticket_priority | Priority | enumeration/select | f | @ticket_priority
hs_ticket_category | Category | enumeration/checkbox | f | @ticket_category
hs_ticket_id | Ticket ID | number/number | rc
hs_helpdesk_sort_timestamp | Helpdesk sort timestamp | datetime/date | rh
hs_last_message_from_visitor | Last message from visitor | bool/booleancheckbox | rh | @yes_no
source_type | Source | enumeration/select | | @source_type
hubspot_owner_id | Ticket owner | enumeration/select | x
hs_all_owner_ids | All owner IDs | enumeration/checkbox | rhx
createdate | Create date | datetime/date | r
closed_date | Close date | datetime/date
hs_lastmodifieddate | Last modified date | datetime/date | r
hs_object_id | Record ID | number/number | ru
hs_object_source | Record creation source | string/text | rh
hs_object_source_id | Record creation source ID | string/text | rh
hs_object_source_label | Record source | enumeration/select | r | @object_source
hs_object_source_user_id | Record creation source user ID | number/number | rh
hs_merged_object_ids | Merged Ticket IDs | enumeration/checkbox | rx
"""

TASKS = """
[task] Task information
hs_task_subject | Task Title | string/text
hs_task_body | Task Notes | string/html
hs_task_status | Task Status | enumeration/select | | @task_status
hs_task_priority | Priority | enumeration/select | | @task_priority
hs_task_type | Task Type | enumeration/select | | @task_type
hs_timestamp | Due date | datetime/date
hubspot_owner_id | Assigned to | enumeration/select | x
hs_all_owner_ids | All owner IDs | enumeration/checkbox | rhx
hs_createdate | Create date | datetime/date | r
hs_lastmodifieddate | Last modified date | datetime/date | r
hs_object_id | Record ID | number/number | ru
hs_object_source | Record creation source | string/text | rh
hs_object_source_id | Record creation source ID | string/text | rh
hs_object_source_label | Record source | enumeration/select | r | @object_source
hs_object_source_user_id | Record creation source user ID | number/number | rh
"""

MEETINGS = """
[meeting] Meeting information
hs_meeting_title | Meeting name | string/text
hs_meeting_body | Meeting description | string/html
hs_meeting_location | Meeting location | string/text
hs_meeting_start_time | Meeting start time | datetime/date
hs_meeting_end_time | Meeting end time | datetime/date
hs_timestamp | Activity date | datetime/date
hubspot_owner_id | Activity assigned to | enumeration/select | x
hs_all_owner_ids | All owner IDs | enumeration/checkbox | rhx
hs_createdate | Create date | datetime/date | r
hs_lastmodifieddate | Last modified date | datetime/date | r
hs_object_id | Record ID | number/number | ru
hs_object_source | Record creation source | string/text | rh
hs_object_source_id | Record creation source ID | string/text | rh
hs_object_source_label | Record source | enumeration/select | r | @object_source
hs_object_source_user_id | Record creation source user ID | number/number | rh
"""
